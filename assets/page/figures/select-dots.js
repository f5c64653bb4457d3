/* Selecting a model by its dot in any of the figures, and guessing which dot a pointer is about to select. */
import { screen } from "../core/screen.js";
import { dotsAt, plotOf } from "./plots.js";

const REACH = 12; // how far from a dot's edge a click may land, in pixels
const STILL = 6; // a press that moves further is no click
const STAY_MS = 50; // how long the pointer is on a dot before its pictures are asked for

let last = null; // the last click that found a dot

/* The dot that a click would select, or null. A second click at the same place goes on to the next dot there. */
function wouldChoose(plot, event) {
  const found = dotsAt(plot, event.clientX, event.clientY, REACH);
  if (!found.length) return null;
  const again =
    last &&
    last.plot === plot &&
    last.point === screen.current.point &&
    Math.hypot(event.clientX - last.x, event.clientY - last.y) <= STILL;
  const at = again ? found.findIndex((dot) => dot.point === last.point) : -1;
  return found[(at + 1) % found.length].point;
}

function choose(plot, event) {
  const point = wouldChoose(plot, event);
  if (!point) return;
  last = { plot, point, x: event.clientX, y: event.clientY };
  screen.set({ point }, event.timeStamp);
}

/* A pointer that stays on a dot for a moment, or is pressed there, is about to select it. */
let intents = 0; // counts what a pointer was about to do
let staying = 0;
const foreseers = [];

/* Call `listener(point, isWanted)` when a point is about to be selected; `isWanted()`: whether it still is. */
export function whenAboutToSelect(listener) {
  foreseers.push(listener);
}

function foresee(plot, event) {
  const mine = (intents += 1);
  const point = wouldChoose(plot, event);
  if (!point) return;
  for (const listener of foreseers) listener(point, () => mine === intents);
}

/* The pointer is on a dot. */
export function expectStay(plot, event) {
  forgetIntent();
  staying = setTimeout(() => foresee(plot, event), STAY_MS);
}

/* The pointer has left, or done what it was about to. */
export function forgetIntent() {
  clearTimeout(staying);
  intents += 1;
}

/* Presses and releases are read here: plotly_click names the dot last hovered, and hovering lags behind, so that some
 * clicks in quick succession selected the dot before. */
export function start() {
  let pressed = null;
  const early = { capture: true };
  document.addEventListener(
    "pointerdown",
    (event) => {
      const plot = event.isPrimary && event.button === 0 ? plotOf(event.target) : null;
      pressed = plot ? event : null;
      if (plot) foresee(plot, event);
    },
    early,
  );
  document.addEventListener("pointercancel", () => (pressed = null), early);
  document.addEventListener(
    "pointerup",
    (event) => {
      const began = pressed;
      pressed = null;
      forgetIntent();
      if (!began || Math.hypot(event.clientX - began.clientX, event.clientY - began.clientY) > STILL) return;
      const plot = plotOf(began.target);
      if (plot) choose(plot, event);
    },
    early,
  );
}
