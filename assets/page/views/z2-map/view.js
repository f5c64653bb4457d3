/* The map of z₂: where the test images, and the visitor's own, lie in the plane in which E q(z₂|x) varies most. The
 * place under the pointer is decoded. When another model is selected, the images move to their new places.
 *
 * The map of a model is turned so that its images lie as near as possible to those of the map before.
 */
import { element } from "../../core/dom.js";
import { numbersHere } from "../../core/models/models.js";
import { askOnce } from "../../core/pictures.js";
import { screen } from "../../core/screen.js";
import { request } from "../../server/requests.js";
import { mapAddress } from "../../server/server-addresses.js";
import { turned, turnedBack, turnTo } from "./alignment.js";
import { Plot } from "./plot.js";

const MOVE_MS = 450;
const AXES = ["across", "up"];
const NAMES = { across: "First direction", up: "Second direction" };
let plot = null;
let about = null; // {labels, names}
let map = null; // {url, turn, places, own, explained}: of the model that is shown, turned
let moving = null; // {from, began} while images move
let place = [0, 0]; // the one that is decoded, on the turned map
let wish = "";
let isBusy = false;

function begin() {
  const canvas = document.getElementById("z2-map");
  if (!canvas || plot) return;
  plot = new Plot(canvas, Number(canvas.dataset.reach));
  about = { labels: JSON.parse(canvas.dataset.labels), names: JSON.parse(canvas.dataset.classes) };
  placeSliders(plot.reach);
  new ResizeObserver(draw).observe(canvas);
  canvas.addEventListener("pointerdown", (event) => {
    canvas.setPointerCapture(event.pointerId);
    point(event);
  });
  canvas.addEventListener("pointermove", (event) => {
    if (event.buttons || event.pointerType === "mouse") point(event);
  });
}

function placeSliders(reach) {
  const labels = AXES.map((axis, i) => {
    const label = element("label", "slider", "", { htmlFor: `z2-map-${axis}` });
    const input = element("input", "", "", { type: "range", id: `z2-map-${axis}`, min: -reach, max: reach, step: 0.05, value: 0 });
    input.addEventListener("input", ({ timeStamp }) => {
      place[i] = Number(input.value);
      showPlace(timeStamp);
    });
    label.append(element("span", "slider-name", NAMES[axis]), input);
    return label;
  });
  document.getElementById("z2-map-sliders").append(...labels);
}

function point({ offsetX, offsetY, timeStamp }) {
  place = plot.toPlace([offsetX, offsetY]);
  AXES.forEach((axis, i) => (document.getElementById(`z2-map-${axis}`).value = place[i]));
  showPlace(timeStamp);
}

/* Decode the place, and mark it. */
function showPlace(since) {
  if (!map) return;
  const [across, up] = turnedBack(map.turn, place).map((value) => Number(value.toFixed(3)));
  askOnce("z2-place", "place", `across=${across}&up=${up}`, since);
  requestAnimationFrame(draw);
}

/* Where the images are now: on their way, or at their places. */
function placesNow() {
  if (!moving) return map.places;
  const share = Math.min(1, (performance.now() - moving.began) / MOVE_MS);
  if (share === 1) moving = null;
  const eased = share * share * (3 - 2 * share);
  return map.places.map((to, i) => (moving ? to.map((value, k) => moving.from[i][k] + eased * (value - moving.from[i][k])) : to));
}

function draw() {
  if (!map || !plot.side) return;
  const places = placesNow();
  plot.draw({ ...about, places, own: map.own, place });
  if (moving) requestAnimationFrame(draw);
  else showNearest(plot.nearest(places, place));
}

/* Show the test image at the place, and name its class. */
function showNearest(index) {
  const figure = document.getElementById("z2-nearest");
  figure.hidden = index < 0;
  if (index < 0) return;
  askOnce("z2-nearest", "examples", `images=${index}`);
  const name = about.names[about.labels[index]];
  figure.querySelector("figcaption").textContent = name ? `test image, class ${name}` : "test image";
}

/* Take the map of another model, or of the same with another image of the visitor's. */
function take(url, { explained, places, own }) {
  const former = map && placesNow();
  const turn = turnTo(places, former ?? places);
  map = { url, turn, explained, places: places.map((one) => turned(turn, one)), own: own && turned(turn, own) };
  const isStill = !former || former.length !== places.length || matchMedia("(prefers-reduced-motion: reduce)").matches;
  moving = isStill ? null : { from: former, began: performance.now() };
  const share = `${Math.round(100 * explained)} %`;
  document.getElementById("z2-map-explained").textContent = `Of the variance of these means, ${share} lies in this plane.`;
  plot.canvas.dataset.map = url;
  showPlace(performance.now());
}

function say(message) {
  document.getElementById("z2-map-message").textContent = message;
}

/* Ask for the map, one request at a time, the latest wish next. */
async function ask(url) {
  wish = url === map?.url ? "" : url;
  if (isBusy) return;
  isBusy = true;
  while (wish) {
    const current = wish;
    wish = "";
    try {
      const answer = (await numbersHere(current)) ?? (await (await request(current, () => !wish)).json());
      if (!wish) take(current, answer);
      say("");
    } catch ({ message, nextTry }) {
      if (!nextTry) say(message);
      nextTry?.then(() => screen.current.part === "map" && showMap());
    }
  }
  isBusy = false;
}

/* Show the map of the selected model. */
export function showMap() {
  begin();
  if (!plot) return; // without test images there is none
  const { atlas, point: name, own } = screen.current;
  ask(mapAddress(atlas, name, own));
  draw();
}
