/* Requests to the server that the page came from. */
import { reach } from "./connection.js";

const TRIES = 10;

/* The server's answer. A busy server says when to come again: that is done while `isWanted()`. Throws Unreachable where
 * no answer comes, and Error with a sentence for the user where it is a refusal. */
export async function request(url, isWanted = () => true, tries = TRIES) {
  const response = await reach(url);
  if (response.ok) return response;
  // Read the body first: the answer may become wanted meanwhile, and is then asked for again.
  const answer = await response.json().catch(() => ({}));
  if (response.status === 503 && tries > 1 && isWanted()) {
    // Not all at the same moment.
    const seconds = Number(response.headers.get("Retry-After") || 1) * (1 + Math.random() / 2);
    await new Promise((resolve) => setTimeout(resolve, 1000 * seconds));
    if (isWanted()) return request(url, isWanted, tries - 1);
  }
  throw new Error(answer.error || `The server answered ${response.status}.`);
}
