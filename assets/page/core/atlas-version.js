/* Whether the page shows the newest version of its atlas: another page or a run may add points at any time.
 *
 * While the page is visible, it asks for the version every few seconds. If that has changed, Dash fetches the points
 * and passes them to `parentGrown`.
 *
 * Event of `document`:  hvae:version   the page shows another version
 */
import { request } from "../server/requests.js";
import { screen } from "./screen.js";
import { versionAddress } from "../server/server-addresses.js";

const LOOK_MS = 10000;
let known = ""; // the version of what is shown
let looking = null; // a promise, while the answer is awaited

/* The page now shows this version. */
export function learnVersion(version) {
  known = version;
  document.dispatchEvent(new CustomEvent("hvae:version"));
}

/* The version of what is shown. */
export function shownVersion() {
  return known;
}

/* Ask for the version, and for the points if it has changed. */
export function lookForNewer() {
  looking ||= look().finally(() => (looking = null));
  return looking;
}

async function look() {
  try {
    // No second try while the server is busy: the next look comes soon.
    const response = await request(versionAddress(screen.current.atlas), () => false);
    const { version } = await response.json();
    if (version !== known) window.dash_clientside.set_props("newer-version", { data: version });
  } catch {
    // controls/connection-message.js shows lost connections.
  }
}

export function start() {
  learnVersion(document.querySelector(".page").dataset.version);
  const lookIfSeen = () => document.hidden || lookForNewer();
  setInterval(lookIfSeen, LOOK_MS);
  document.addEventListener("visibilitychange", lookIfSeen);
}
