/* Figures that fail to arrive. Dash asks the server for them only once: when their view is first shown, and when
 * something changes that they depend on. This module notices if that failed, and asks again.
 *
 * A figure's layout.meta.look is the state that it was drawn for. Without it, the figure belongs to the first state.
 */
import { reach } from "../server/connection.js";
import { screen } from "../core/screen.js";
import { HEALTH } from "../server/server-addresses.js";
import { LOOK } from "../core/shared-constants.js";

const PATIENCE_MS = 1500;
const LONGEST_MS = 6000; // a server that answers is only slow; after this time, ask it again anyway
const WORDS = "This figure will be drawn when the server can be reached.";
let timer = 0;

const isBlank = (place) => !place.querySelector(".figure-graph");

/* Whether the figure of a place is missing, or was drawn for another state. */
export function isLate(place) {
  if (isBlank(place)) return true;
  const layout = place.querySelector(".js-plotly-plot")?.layout;
  if (!layout) return false; // it is being drawn
  const drawnFor = layout.meta?.look || screen.first;
  const names = LOOK.filter((name) => name !== "view" && name in drawnFor);
  return names.some((name) => String(drawnFor[name]) !== String(screen.current[name]));
}

function late() {
  return [...document.querySelectorAll(`#view-${screen.current.view} .linked-figure`)].filter(isLate);
}

function expect(patience = PATIENCE_MS) {
  clearTimeout(timer);
  timer = setTimeout(() => askAgain(patience), patience);
}

async function askAgain(patience) {
  if (!late().length) return;
  try {
    await reach(HEALTH);
  } catch {
    for (const place of late().filter(isBlank)) window.dash_clientside.set_props(place.id, { children: WORDS });
    return; // until the server is found
  }
  if (!late().length) return;
  if (patience >= LONGEST_MS) drawAgain();
  expect(2 * patience);
}

/* Dash applies figures of an answer that another one has overtaken, and not what else the answer says. So what was noted
 * as drawn may not be what is on screen, and would not be drawn again. */
function drawAgain() {
  const { view } = screen.current;
  if (!late().some(isBlank)) window.dash_clientside.set_props(`${view}-drawn`, { data: "late" });
  screen.drawFigures();
}

export function start() {
  screen.subscribe((current, former) => {
    if (!former || LOOK.some((name) => String(former[name]) !== String(current[name]))) expect();
  });
  document.addEventListener("hvae:connection", ({ detail }) => {
    if (detail.state !== "found" || !late().length) return;
    drawAgain();
    expect();
  });
}
