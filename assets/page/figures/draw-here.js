/* Figures for another choice, drawn at once: from all figures of the atlas, which the server has recorded. Those of an
 * atlas beside it are fetched when that is chosen.
 *
 * The server begins to record when a page first asks, and answers 202 until it is done. Until then, and after an atlas
 * has changed, the server draws what is chosen.
 */
import { shownVersion } from "../core/atlas-version.js";
import { screen } from "../core/screen.js";
import { LOOK } from "../core/shared-constants.js";
import { reach } from "../server/connection.js";
import { figuresAddress, versionAddress } from "../server/server-addresses.js";
import { isLate } from "./late-figures.js";
import { drawnBeside } from "./recorded/beside.js";
import { chosenOf, drawnFor, graph } from "./recorded/board.js";
import { keyOf } from "./recorded/colour-key.js";
import { Recorded } from "./recorded/recorded.js";

const REST_MS = 1500; // after the first samples
const PAUSE_MS = 3000; // until the server is asked again for what it is recording, at first
const LONGEST_MS = 60000;
const GROWTH = 1.4;
const [THERE, NOT_YET] = [200, 202];
let recorded = null; // {version, figures, key}
let wanted = ""; // the version that is being fetched
let shown = {}; // id → JSON of the properties that were last set
let keyFor = ""; // for which colour and units the colour key was last drawn
let words = 0; // the timer of what is still to be set
let asking = 0; // the timer of the next question to the server
const others = new Map(); // atlas → its figures; null while they are fetched

/* Set properties of a component, if they are others than the last time. */
function setProps(id, properties) {
  const text = JSON.stringify(properties);
  if (shown[id] === text) return;
  shown[id] = text;
  window.dash_clientside.set_props(id, properties);
}

/* Draw a figure in its place. Where one is already, Dash would look at every component of the page first. */
function drawInPlace(place, id, figure, config) {
  const plot = place.querySelector(".js-plotly-plot");
  if (!plot) {
    window.dash_clientside.set_props(place.id, { children: graph(id, figure, config) });
  } else if (isLate(place)) {
    const layout = { ...figure.layout, autosize: true };
    window.Plotly.react(plot, { data: figure.data, layout, config: { ...config, responsive: true } });
  }
}

function drawKey({ colour, units }) {
  const choice = `${colour} ${units}`;
  if (choice === keyFor) return;
  keyFor = choice;
  window.dash_clientside.set_props("figures-key", { children: keyOf(recorded.key, recorded.figures, { colour, units }) });
}

/* Draw the figures of a state; false if Dash has to. */
function draw(current) {
  const look = Object.fromEntries(LOOK.map((name) => [name, current[name]]));
  const other = otherOf(look);
  if (recorded?.version !== shownVersion() || other === undefined) return false;
  const parts = drawnBeside(recorded.figures, other, look.view, look);
  const { graphConfig } = recorded.figures.recorded;
  const around = {};
  const places = (parts || []).map((_, index) => document.getElementById(`${look.view}-place-${index}`));
  (parts || []).forEach(({ note, around: its }, index) => {
    Object.assign(around, its, { [`${look.view}-note-${index}`]: { children: note } });
  });
  const write = () => {
    for (const [id, properties] of Object.entries(around)) setProps(id, properties);
    drawKey(look);
  };
  clearTimeout(words);
  // Where no figure is yet, words come first: they take room, and would move it. Else they follow the dots: each takes
  // Dash some milliseconds.
  const isFirst = places.some((place) => !place.querySelector(".figure-graph"));
  if (isFirst) write();
  (parts || []).forEach(({ figure }, index) => {
    drawInPlace(places[index], `${look.view}-${index}`, drawnFor(figure, chosenOf(look)), graphConfig);
  });
  if (!isFirst) words = setTimeout(write);
  return true;
}

/* The atlas beside this one, {name, title, figures}; null without one, undefined until its figures are here. */
function otherOf({ beside }) {
  if (beside === screen.first.beside) return null;
  if (!others.has(beside)) fetchOther(beside);
  const figures = others.get(beside);
  return figures ? { name: beside, title: screen.fields.beside.choices[beside], figures } : undefined;
}

/* Fetch another atlas's figures, however long the server takes to record them. Until then Dash draws. */
async function fetchOther(atlas, pause = PAUSE_MS) {
  others.set(atlas, null);
  try {
    const { version } = await (await reach(versionAddress(atlas))).json();
    const response = await reach(figuresAddress(atlas, version));
    if (response.status === NOT_YET) {
      setTimeout(() => fetchOther(atlas, Math.min(pause * GROWTH, LONGEST_MS)), pause);
    } else if (response.status === THERE) {
      others.set(atlas, new Recorded(await response.json()));
    }
  } catch {
    others.delete(atlas); // asked for again with the next choice
  }
}

/* Fetch the figures of the version that is shown, however long the server takes to record them. */
async function fetchFigures(pause = PAUSE_MS) {
  clearTimeout(asking); // of another version
  const version = (wanted = shownVersion());
  let response;
  try {
    response = await reach(figuresAddress(screen.current.atlas, version));
  } catch {
    return; // Dash draws
  }
  if (version !== shownVersion()) return;
  if (response.status === NOT_YET) {
    asking = setTimeout(() => fetchFigures(Math.min(pause * GROWTH, LONGEST_MS)), pause);
  } else if (response.status === THERE) {
    const { key, ...its } = await response.json();
    recorded = { version, key, figures: new Recorded(its) };
    [shown, keyFor] = [{}, ""];
  }
}

export function start() {
  screen.drawHere = draw;
  document.addEventListener("hvae:drawn", function first({ detail }) {
    if (detail.slot !== "samples") return;
    document.removeEventListener("hvae:drawn", first);
    setTimeout(fetchFigures, REST_MS);
  });
  document.addEventListener("hvae:version", () => wanted && fetchFigures());
}
