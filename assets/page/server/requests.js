/* Requests to the server that the page came from.
 *
 * Event of `document`:  hvae:busy {isBusy}   whether the busy server has refused a request at least twice that is still
 *                                            wanted
 */
import { reach } from "./connection.js";

const GROWTH = 1.5; // of the pause from one refusal to the next
const LONGEST = 30; // times the pause that the server asks for
const refusedAgain = new Set(); // a symbol for each request that waits for the second time or more

function tell(change) {
  const before = refusedAgain.size;
  change();
  const isBusy = refusedAgain.size > 0;
  if (isBusy !== before > 0) document.dispatchEvent(new CustomEvent("hvae:busy", { detail: { isBusy } }));
}

/* Wait as long as the server asks for, and longer after each refusal, until a newer request takes its place. */
async function pause(response, refusals, isWanted) {
  const longer = Math.min(GROWTH ** (refusals - 1), LONGEST);
  for (let waited = 0; waited < Math.round(longer) && (waited === 0 || isWanted()); waited++) {
    // Not all pages should ask at the same moment.
    const seconds = Number(response.headers.get("Retry-After") || 1) * (1 + Math.random() / 2);
    await new Promise((resolve) => setTimeout(resolve, 1000 * seconds));
  }
}

/* The server's answer. options: those of `fetch`. A busy server is asked again, with growing pauses, while `isWanted()`. Throws Unreachable if
 * there is no answer, and Error with a sentence for the user if the server refuses. */
export async function request(url, isWanted = () => true, options = {}) {
  const id = Symbol();
  try {
    for (let refusals = 1; ; refusals++) {
      const response = await reach(url, options);
      if (response.ok) return response;
      // Read the body first: meanwhile the answer may become wanted, and is then asked for again.
      const answer = await response.json().catch(() => ({}));
      if (response.status === 503 && isWanted()) {
        if (refusals > 1) tell(() => refusedAgain.add(id));
        await pause(response, refusals, isWanted);
        if (isWanted()) continue;
      }
      throw new Error(answer.error || `The server answered ${response.status}.`);
    }
  } finally {
    tell(() => refusedAgain.delete(id));
  }
}
