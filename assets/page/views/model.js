/* The model view: which pictures its current part shows, its sliders, and its chosen test images. */
import { placeSliders, resetShifts, shiftParameters, writeNote } from "../controls/shift-sliders.js";
import { startTabs } from "../controls/tabs.js";
import { numberThumbnails, showThumbnails } from "../controls/thumbnails.js";
import { element } from "../core/dom.js";
import { askOnce } from "../core/pictures.js";
import { rateOnScreen } from "../core/point-numbers.js";
import { screen } from "../core/screen.js";
import { firstImages } from "../server/server-addresses.js";
import { SAMPLES } from "../core/shared-constants.js";
import { drawAgain } from "./model-strip.js";
import { showMap } from "./z2-map/view.js";

function imageCount() {
  return Number(document.querySelector(".model-view").dataset.images);
}

/* The chosen test images, those that this atlas has. */
function chosenImages() {
  return screen.current.images.split(",").map(Number).filter((index) => index < imageCount());
}

/* Part of the view → the function that asks for its pictures. */
const PARTS = {
  samples(since) {
    const { seed } = screen.current;
    const temperature = temperatureSlider().value;
    askOnce("model-samples", "samples", `n=${SAMPLES}&seed=${seed}&temperature=${temperature}`, since);
    askOnce("model-resample", "resample", `rows=8&seed=${seed}`, since);
    if (imageCount()) askOnce("model-reconstructions", "reconstructions", firstImages(imageCount()), since);
  },
  walks(since) {
    const { seed } = screen.current;
    for (const latent of ["z2", "z1"]) {
      const place = document.getElementById(`${latent}-sliders`);
      askOnce(`model-${latent}`, "traversal", `seed=${seed}${shiftParameters(place)}`, since);
      const rows = Number(place.dataset.count);
      if (rows) askOnce(`model-${latent}-strips`, "dimensions", `latent=${latent}&seed=${seed}&rows=${rows}`, since);
    }
  },
  map: showMap,
  mix(since) {
    if (imageCount() < 2) return;
    showThumbnails("model-thumbnails", imageCount(), since);
    const images = chosenImages();
    numberThumbnails("model-thumbnails", images);
    if (images.length) askOnce("model-mix", "mix", `images=${images}`, since);
    if (images.length > 1) askOnce("model-interpolation", "interpolation", `images=${images}`, since);
  },
};

/* The point whose sliders are placed. z₂'s sliders depend on the model; z₁'s directions are only numbered. */
let slidersOf = null;

function placeSlidersOf(point) {
  if (slidersOf === point) return;
  slidersOf = point;
  const directions = Number(document.getElementById("z1-sliders").dataset.count);
  place("z2", screen.points[point].dimensions || []);
  place("z1", Array.from({ length: directions }, (_, index) => ({ dimension: index })));
}

function place(latent, entries) {
  const there = document.getElementById(`${latent}-sliders`);
  const title = ({ dimension }, row) => (latent === "z2" ? `z₂[${dimension}]` : `direction ${row + 1}`);
  placeSliders(
    there,
    entries.map((entry, row) => ({ shift: `${latent}.${entry.dimension}`, title: title(entry, row) })),
  );
  entries.forEach(({ rate = "" }, row) => (there.querySelectorAll(".slider-rate")[row].dataset.nats = rate));
}

/* The state's temperature that the slider was set to: it may change while another view is shown. */
let temperatureShown = null;

/* A native slider: Mantine has none that draws while it moves. */
function temperatureSlider() {
  const there = document.getElementById("temperature-slider");
  if (!there.firstChild) {
    const range = { type: "range", id: "temperature", min: 0, max: 2, step: 0.02 };
    there.append(element("input", "", "", { ...range, value: screen.current.temperature }));
  }
  return there.firstChild;
}

function writeTemperature() {
  document.getElementById("temperature-value").textContent = Number(temperatureSlider().value).toFixed(2);
}

function show(current, former, since) {
  if (current.view !== "model") return;
  for (const part of document.querySelectorAll(".part")) part.hidden = part.dataset.part !== current.part;
  if (temperatureShown !== current.temperature) temperatureSlider().value = temperatureShown = current.temperature;
  writeTemperature();
  if (!screen.points[current.point]) return;
  placeSlidersOf(current.point);
  for (const note of document.querySelectorAll(".walk-sliders .slider-rate")) {
    if (note.dataset.nats) writeNote(note, rateOnScreen(Number(note.dataset.nats)));
  }
  PARTS[current.part](since);
}

/* Add an image to the mix, or remove it; two remain at least. */
function choose(index, since) {
  const images = chosenImages();
  const without = images.filter((one) => one !== index);
  const changed = without.length === images.length ? [...images, index].slice(-4) : without;
  if (changed.length >= 2) screen.set({ images: changed.join(",") }, since);
}

export function start() {
  startTabs("part");
  document.addEventListener("hvae:known", ({ detail }) => {
    // A fold's dimensions are known a little later than its name.
    if (detail.point === slidersOf) slidersOf = null;
  });
  screen.subscribe(show);

  document.addEventListener("input", (event) => {
    if (event.target.id === "temperature") {
      writeTemperature();
      PARTS.samples(event.timeStamp);
    } else if (event.target.matches(".walk-sliders input")) PARTS.walks(event.timeStamp);
  });

  /* The address follows when the hand rests. */
  document.addEventListener("change", (event) => {
    if (event.target.id === "temperature") screen.set({ temperature: event.target.value }, event.timeStamp);
  });

  document.addEventListener("click", (event) => {
    const reset = event.target.closest(".walk-reset");
    const thumbnail = event.target.closest(".model-view .thumbnail");
    if (event.target.closest(".model-draw-again")) drawAgain(event.timeStamp);
    if (reset) resetShifts(reset.dataset.latent, event.timeStamp);
    if (thumbnail) choose(Number(thumbnail.dataset.image), event.timeStamp);
  });
}
