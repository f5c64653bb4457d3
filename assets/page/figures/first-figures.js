/* The figures of the first view. They are put in their places when the first pictures are on the screen: plotly, which
 * draws them, takes a second to begin, and nothing else is drawn meanwhile.
 *
 * Event of `document`:  hvae:figures {waitUntil}   figures are about to be placed; waitUntil(promise) makes them wait
 */
import { isIdle } from "../core/pictures.js";

const EVENTS = ["hvae:drawn", "hvae:failed"];
const PATIENCE_MS = 2000; // with pictures that do not come

/* Put figures in their places, id of the place → its children, after the first pictures. */
export function placeFigures(figures) {
  let isDone = false;

  async function place() {
    if (isDone) return;
    isDone = true;
    for (const event of EVENTS) document.removeEventListener(event, placeWhenIdle);
    const awaited = [];
    const waitUntil = (promise) => awaited.push(promise);
    document.dispatchEvent(new CustomEvent("hvae:figures", { detail: { waitUntil } }));
    await Promise.all(awaited);
    for (const [id, children] of Object.entries(figures)) window.dash_clientside.set_props(id, { children });
  }

  function placeWhenIdle() {
    if (isIdle()) requestAnimationFrame(() => setTimeout(place)); // the last one is painted by then
  }

  for (const event of EVENTS) document.addEventListener(event, placeWhenIdle);
  setTimeout(place, PATIENCE_MS);
}
