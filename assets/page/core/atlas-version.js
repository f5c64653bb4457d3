/* Whether the page shows its atlas as it is: points may join it at any time, from another page or a run.
 *
 * While the page is looked at, it asks for the version every few seconds. When that has changed it has Dash fetch the
 * points, which arrive at `parentGrown`.
 */
import { request } from "../server/requests.js";
import { screen } from "./screen.js";
import { versionAddress } from "../server/server-addresses.js";

const LOOK_MS = 10000;
let known = ""; // the version of what is shown
let looking = null; // a promise, while the answer is awaited

/* What is shown is of this version. */
export function learnVersion(version) {
  known = version;
}

/* Ask for the version, and for the points if it is another one. */
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
    // Lost contact is shown by whoever watches the connection.
  }
}

export function start() {
  learnVersion(document.querySelector(".page").dataset.version);
  const lookIfSeen = () => document.hidden || lookForNewer();
  setInterval(lookIfSeen, LOOK_MS);
  document.addEventListener("visibilitychange", lookIfSeen);
}
