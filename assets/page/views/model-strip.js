/* The selected model's strip: which pictures it shows, its sliders, and the message when one cannot be had. */
import { placeSliders, resetShifts, shiftParameters, writeNote } from "../controls/shift-sliders.js";
import * as pictures from "../core/pictures.js";
import { rateOnScreen } from "../core/point-numbers.js";
import { screen } from "../core/screen.js";
import { firstImages, pictureAddress } from "../server/server-addresses.js";
import { SAMPLES } from "../core/shared-constants.js";
import { whenAboutToSelect } from "../figures/select-dots.js";

let asked = null; // the state whose pictures the strip shows, or is about to
let waiting = { kinds: [], since: 0 }; // what is asked for once the samples have come

const sliders = () => document.getElementById("traversal-sliders");

/* Kind of picture → its parameters, with the sliders at these shifts. */
function parameters(seed, shifts = "") {
  const count = Number(document.getElementById("model-panel").dataset.images);
  const reconstructions = count && firstImages(count);
  return { samples: `n=${SAMPLES}&seed=${seed}`, reconstructions, traversal: `seed=${seed}${shifts}` };
}

/* Kind of picture → its address; an atlas without test images has no reconstructions. */
function addresses({ atlas, point, seed }, shifts) {
  const kinds = Object.entries(parameters(seed, shifts)).filter(([, its]) => its);
  return Object.fromEntries(kinds.map(([kind, its]) => [kind, pictureAddress(atlas, point, kind, its)]));
}

/* Ask for pictures of these kinds; done when they have come. */
function ask(kinds, since) {
  const urls = addresses(asked, shiftParameters(sliders()));
  return Promise.all([...kinds].map((kind) => urls[kind] && pictures.ask(kind, urls[kind], since)));
}

/* The samples before the rest: made side by side, all of them would be late. */
async function askInTurn(rest, since) {
  waiting = { kinds: [...waiting.kinds, ...rest], since };
  await ask(["samples"], since);
  const { kinds } = waiting;
  waiting = { ...waiting, kinds: [] };
  await ask(new Set(kinds), waiting.since);
}

function askMoved(since) {
  const { traversal } = parameters(asked.seed, shiftParameters(sliders()));
  pictures.askOnce("traversal", "traversal", traversal, since);
}

/* A slider for each z₂ dimension that carries much rate. */
function placeDimensions(dimensions) {
  const entries = dimensions.map(({ dimension, rate }) => ({
    shift: `z2.${dimension}`,
    title: `z₂[${dimension}]`,
    note: rateOnScreen(rate),
  }));
  placeSliders(sliders(), entries);
}

/* The sliders' rates in another unit, the sliders where they are. */
function writeRates(dimensions) {
  const notes = sliders().querySelectorAll(".slider-rate");
  notes.forEach((note, index) => writeNote(note, rateOnScreen(dimensions[index].rate)));
}

function writeSubtitle(point) {
  document.getElementById("traversal-subtitle").textContent = point ? point.traversal : "";
}

function nextSeed() {
  return (screen.current.seed + 1) % 2 ** 31;
}

function isShown() {
  return !document.getElementById("model-panel").hidden;
}

/* New noise for the same model. */
export function drawAgain(since) {
  screen.set({ seed: nextSeed() }, since);
}

/* Ask ahead for what the strip shows once a point is selected, while `isWanted()`. */
function askAhead(point, isWanted) {
  if (!isShown() || point === screen.current.point) return;
  const { samples, ...rest } = addresses({ ...screen.current, point });
  pictures.askAhead([samples, ...Object.values(rest)], isWanted);
}

/* Ask ahead for the next draw: after one, and when the pointer is on the button. */
function askNextDraw() {
  const { point, seed } = asked;
  const { samples, traversal } = addresses({ ...asked, seed: nextSeed() }, shiftParameters(sliders()));
  pictures.askAhead([samples, traversal], () => asked.point === point && asked.seed === seed);
}

/* Ask for the pictures of what is on screen; only those that the change concerns. */
function show(current, former, since) {
  const point = screen.points[current.point];
  writeSubtitle(point);
  if (!point || !isShown()) return;
  const before = asked;
  asked = current;
  // The same dot clicked again asks for everything again: its files may be whole by now.
  const again = former && former.view === current.view && former.point === current.point && onlyCounts(former, current);
  if (before?.point !== current.point) placeDimensions(point.dimensions);
  else if (before.units !== current.units) writeRates(point.dimensions);
  if (before?.point !== current.point || again) askInTurn(["reconstructions", "traversal"], since);
  else if (before.seed !== current.seed) askInTurn(["traversal"], since).then(askNextDraw);
  else if (before.shifts !== current.shifts) askMoved(since);
}

/* Whether nothing but the count of changes differs. */
function onlyCounts(former, current) {
  return Object.keys(current).every((name) => name === "change" || String(former[name]) === String(current[name]));
}

function press(event) {
  if (event.target.closest("#draw-again")) drawAgain(event.timeStamp);
  else if (event.target.closest("#traversal-reset")) resetShifts("z2", event.timeStamp);
  else return;
  // Dash would count the click, which takes it longer than the pictures take.
  event.stopPropagation();
}

export function start() {
  document.addEventListener("input", (event) => {
    if (event.target.matches("#traversal-sliders input")) askMoved(event.timeStamp);
  });
  document.addEventListener("click", press, { capture: true });
  for (const name of ["pointerover", "pointerdown"]) {
    document.addEventListener(name, (event) => asked && event.target.closest("#draw-again") && askNextDraw());
  }
  whenAboutToSelect(askAhead);

  /* One message for all pictures of the strip; it goes when they can be had again. */
  pictures.sayWhyMissing(
    (slot) => document.getElementById(`${slot}-picture`)?.closest("#model-panel"),
    (_, message) =>
      window.dash_clientside.set_props("model-message", message ? { children: message, hide: false } : { hide: true }),
  );

  document.addEventListener("hvae:known", ({ detail }) => {
    if (!asked || asked.point !== detail.point) return;
    placeDimensions(screen.points[detail.point].dimensions);
    writeSubtitle(screen.points[detail.point]);
    askMoved();
  });
  screen.subscribe(show);
}
