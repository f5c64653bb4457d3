/* Select a model by its dot in any figure, and guess which dot a pointer will select. A click on a dot of an atlas
 * beside this one opens that atlas at that model; a finger, which has seen no card, is shown it first. */
import { screen } from "../core/screen.js";
import { dotsAt, plotOf } from "./plots.js";

const REACH = 12; // a click selects a dot up to so many pixels from its edge
const STILL = 6; // a press that moves further, in pixels, is not a click
const STAY_MS = 50; // after so long on a dot, its pictures are asked for

let last = null; // the last click that found a dot
let showBeside = () => {};

/* The dot that a click would select, {point, atlas?}, or null. A second click at the same place selects the next dot
 * there. */
function wouldChoose(plot, event) {
  const found = dotsAt(plot, event.clientX, event.clientY, REACH);
  if (!found.length) return null;
  const again =
    last &&
    last.plot === plot &&
    last.point === screen.current.point &&
    Math.hypot(event.clientX - last.x, event.clientY - last.y) <= STILL;
  const at = again ? found.findIndex((dot) => dot.point === last.point) : -1;
  return found[(at + 1) % found.length];
}

function choose(plot, event) {
  const dot = wouldChoose(plot, event);
  if (!dot) return;
  const { point, atlas } = dot;
  if (atlas && event.pointerType === "touch") return showBeside(plot, dot, event);
  if (atlas) return screen.open(atlas, point);
  last = { plot, point, x: event.clientX, y: event.clientY };
  screen.set({ point }, event.timeStamp);
}

/* A pointer that stays on a dot for a moment, or is pressed there, will probably select it. */
let intents = 0; // counts the guesses
let staying = 0;
const foreseers = [];

/* Call `listener(point, isWanted)` when a point will probably be selected. isWanted(): whether that is still so. */
export function whenAboutToSelect(listener) {
  foreseers.push(listener);
}

/* Call `listener(plot, dot, event)` when a finger taps a dot of another atlas. */
export function whenBesideIsTapped(listener) {
  showBeside = listener;
}

function foresee(plot, event) {
  const mine = (intents += 1);
  const { point, atlas } = wouldChoose(plot, event) ?? {};
  if (!point || atlas) return;
  for (const listener of foreseers) listener(point, () => mine === intents);
}

/* The pointer is on a dot. */
export function expectStay(plot, event) {
  forgetIntent();
  staying = setTimeout(() => foresee(plot, event), STAY_MS);
}

/* The pointer has left the dot or selected it. */
export function forgetIntent() {
  clearTimeout(staying);
  intents += 1;
}

/* This reads presses and releases itself: plotly_click names the dot last hovered, and hovering lags behind, so that
 * quick clicks sometimes selected the previous dot. */
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
