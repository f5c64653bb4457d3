/* Whether the page shows its atlas as it is: points may join it at any time, from another page or a run.
 *
 * While the page is looked at, it asks for the version every few seconds. When that has changed it has Dash fetch the
 * points, which arrive at `parentGrown`.
 */
import { screen } from "./screen.js";
import { versionAddress } from "../server/server-addresses.js";

const LOOK_MS = 10000;
let known = ""; // the version of what is shown
let isLooking = false;

/* What is shown is of this version. */
export function learnVersion(version) {
  known = version;
}

/* Ask for the version, and for the points if it is another one. */
export async function lookForNewer() {
  if (isLooking) return;
  isLooking = true;
  try {
    const response = await fetch(versionAddress(screen.current.atlas), { cache: "no-store" });
    const { version } = response.ok ? await response.json() : { version: known };
    if (version !== known) window.dash_clientside.set_props("newer-version", { data: version });
  } catch {
    // Whatever else the page asks for says so.
  }
  isLooking = false;
}

export function start() {
  learnVersion(document.querySelector(".page").dataset.version);
  const look = () => document.hidden || lookForNewer();
  setInterval(look, LOOK_MS);
  document.addEventListener("visibilitychange", look);
}
