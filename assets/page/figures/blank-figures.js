/* Figures that do not come. Dash asks the server for a view's figures when it is first shown; where the server does
 * not answer, their places say so, and choosing the view again asks again.
 */
import { screen } from "../core/screen.js";
import { HEALTH } from "../core/server-addresses.js";

const PATIENCE_MS = 1500;
const WORDS = "The server does not answer. Is it still running? When it is, choose this view again.";
let timer = 0;
let isLate = false; // whether the page has waited in vain for figures of the view on screen

/* The places of the view on screen that have no figure. */
function blank() {
  const places = document.querySelectorAll(`#view-${screen.current.view} .linked-figure`);
  return [...places].filter((place) => !place.querySelector(".figure-graph"));
}

async function serverAnswers() {
  try {
    await fetch(HEALTH, { cache: "no-store", signal: AbortSignal.timeout(2 * PATIENCE_MS) });
    return true;
  } catch {
    return false;
  }
}

/* A server that answers is only slow. */
function wait(patience) {
  clearTimeout(timer);
  timer = setTimeout(async () => {
    if (!blank().length) return;
    isLate = true;
    if (await serverAnswers()) wait(2 * patience);
    else for (const place of blank()) window.dash_clientside.set_props(place.id, { children: WORDS });
  }, patience);
}

export function start() {
  screen.subscribe((current, former) => {
    const again = isLate && former?.view === current.view;
    isLate = again;
    if (!blank().length) return;
    if (again) screen.drawFigures();
    wait(PATIENCE_MS);
  });
}
