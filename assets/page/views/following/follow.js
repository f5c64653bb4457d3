/* A page that follows the lecturer's: it shows what that one shows, until its visitor changes something.
 *
 * ?follow=CODE begins it. The tab remembers the code, for the page may be loaded again, with another atlas.
 */
import { forget, remember, remembered } from "../../controls/remembered.js";
import { screen } from "../../core/screen.js";
import { followAddress, pageAddress } from "../../server/server-addresses.js";
import { request } from "../../server/requests.js";

const [CODE, ALONE] = ["follow", "alone"]; // names of what the tab remembers
const TAB = "sessionStorage";
const SOON_MS = 1000; // an answer without news that comes sooner: there is no room to wait at the server
const PAUSE_MS = 2000;
const WORDS = {
  waiting: "The lecturer has not begun. This page will follow.",
  following: "You follow the lecturer.",
  alone: "On your own now.",
};
const SWITCH = { following: "Look around", alone: "Back to the lecturer" };

let code = null;
let shown = ""; // the query of the lecturer's screen
let same = ""; // this page's address when it shows that screen
let isApplying = false;
let state = "waiting";

const find = (id) => document.getElementById(id);

function say(words, button = "") {
  find("following").hidden = false;
  find("following-words").textContent = words;
  find("following-switch").textContent = button;
  find("following-switch").hidden = !button;
}

function enter(next) {
  state = next;
  document.documentElement.toggleAttribute("data-following", state === "following");
  say(WORDS[state], SWITCH[state]);
}

/* Show the lecturer's screen; another atlas is another page. */
function apply() {
  if (new URLSearchParams(shown).get("atlas") !== screen.current.atlas) return location.assign(pageAddress(shown));
  isApplying = true;
  screen.show(`?${shown}`);
  isApplying = false;
  same = screen.address();
}

/* Show what the lecturer shows, now and from now on. */
function follow() {
  forget(ALONE, TAB);
  if (!shown) return enter("waiting");
  apply();
  enter("following");
}

function lookAround() {
  remember(ALONE, "yes", TAB);
  enter("alone");
}

function learn(query) {
  shown = query;
  if (state !== "alone") follow();
}

function end(sentence) {
  code = null;
  forget(CODE, TAB);
  forget(ALONE, TAB);
  document.documentElement.removeAttribute("data-following");
  say(sentence);
}

/* The lines of JSON of an answer, each as soon as it is there. One that breaks off just ends: the next request knows
 * whether the server can still be reached. */
async function* lines(response) {
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  for (let rest = ""; ; ) {
    const { done, value } = await reader.read().catch(() => ({ done: true }));
    if (done) return;
    const whole = (rest + value).split("\n");
    rest = whole.pop();
    for (const line of whole) yield JSON.parse(line);
  }
}

async function listen() {
  for (let version = -1; code; ) {
    const began = performance.now();
    let isNews = false;
    try {
      for await (const answer of lines(await request(followAddress(code, version)))) {
        isNews = true;
        version = answer.version;
        learn(answer.query);
      }
      if (!isNews && performance.now() - began < SOON_MS) await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    } catch (error) {
      if (!error.nextTry) return end(error.message);
      await error.nextTry;
    }
  }
}

export function start() {
  const asked = new URLSearchParams(location.search).get("follow");
  if (asked) {
    remember(CODE, asked, TAB);
    forget(ALONE, TAB);
  }
  code = asked || remembered(CODE, TAB);
  if (!code) return;
  enter(remembered(ALONE, TAB) ? "alone" : "waiting");
  screen.subscribe(() => {
    if (state === "following" && !isApplying && screen.address() !== same) lookAround();
  });
  // Now there may be a point that the lecturer has trained.
  document.addEventListener("hvae:version", () => state === "following" && apply());
  find("following-switch").addEventListener("click", () => (state === "following" ? lookAround() : follow()));
  listen();
}
