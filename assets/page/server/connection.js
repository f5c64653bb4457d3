/* Whether the server can be reached, and when to try again: after 1, 2, 4, … 30 s, and at once when the browser is
 * online again or the visitor returns to the page.
 *
 * Events of `document`:  hvae:connection {state, seconds}   "lost": no answer, the next try is in so many seconds;
 *                                                           "trying" again; "found": the server answers again
 */
import { HEALTH } from "./server-addresses.js";

const PATIENCE_MS = 30000;
const LONGEST_PAUSE = 30; // in seconds
const GATEWAYS = [502, 504]; // a proxy's answers if its server is gone

let pause = 0; // in seconds; 0 while the server answers
let next = null; // the next try: {begins: a promise, begin: its resolve, timer}
let isAsking = false; // whether any module has sent a request since the last try began

/* No answer. `nextTry`: a promise that resolves when it is time to ask again. */
class Unreachable extends Error {
  constructor() {
    super("The server cannot be reached.");
    this.nextTry = awaitNextTry();
  }
}

function tell(state) {
  document.dispatchEvent(new CustomEvent("hvae:connection", { detail: { state, seconds: pause } }));
}

function awaitNextTry() {
  if (next) return next.begins;
  pause = Math.min(2 * pause || 1, LONGEST_PAUSE);
  next = {};
  next.begins = new Promise((resolve) => (next.begin = resolve));
  // Not all pages should ask at the same moment.
  next.timer = setTimeout(tryNow, 1000 * pause * (1 + Math.random() / 4));
  tell("lost");
  return next.begins;
}

function tryNow() {
  if (!next) return;
  const { begin, timer } = next;
  clearTimeout(timer);
  next = null;
  isAsking = false;
  if (pause) tell("trying");
  begin();
  // If no module repeats its request, ask for something cheap.
  setTimeout(() => isAsking || !pause || reach(HEALTH).catch(() => {}), 50);
}

function answered() {
  if (!pause) return;
  pause = 0;
  tell("found");
  tryNow();
}

/* The server's answer, of any status. options: those of `fetch`. Throws Unreachable if there is none. */
export async function reach(url, options = {}) {
  isAsking = true;
  let response;
  try {
    response = await fetch(url, { ...options, signal: AbortSignal.timeout(PATIENCE_MS) });
  } catch {
    throw new Unreachable();
  }
  if (GATEWAYS.includes(response.status)) throw new Unreachable();
  answered();
  return response;
}

export function start() {
  window.addEventListener("online", tryNow);
  document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && tryNow());
}
