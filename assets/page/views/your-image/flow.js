/* How the visitor's image flows through the model: x → z₂ → z₁ → x̂ in the diagram, with this image's nats.
 *
 * It runs once for each image, as soon as the diagram can be seen, and not at all where motion is unwelcome.
 */
import { screen } from "../../core/screen.js";
import { drawFlow, showFlow } from "../information-flow.js";
import { toAddress } from "./drawing.js";

const NATS = 4; // a dot for so many
const MOST_DOTS = 12;
const APART = 14; // from dot to dot, in the diagram's units
const SEEN = 0.5; // how much of the diagram has to be in the window
/* When each edge fills, and how long that takes, in ms. */
const INFERENCE = { "q-z2": [250, 600], "q-z1": [700, 400] };
const THROUGH_Z1 = { ...INFERENCE, "p-z2": [1000, 400], "p-x-z2": [1400, 400], "p-x-z1": [1400, 400] };
const BESIDE_Z1 = { ...INFERENCE, "p-x-z2": [1000, 800], "p-x-z1": [1400, 400] };
const REACHED = { z2: 850, z1: 1100, x: 1800 };

let played = ""; // the last image that has run
let isDue = false; // until the diagram can be seen
let running = []; // animations

const find = () => document.getElementById("own-flow");

/* An image's reconstruction: the second of three tiles. Nothing while the tiles are another image's. */
function reconstruction(image) {
  const sheet = document.getElementById("own-layers-picture");
  if (sheet.dataset.state !== "shown") return "";
  if (new URL(sheet.dataset.pictureUrl, location.href).searchParams.get("image") !== image) return null;
  const { width, height } = document.getElementById("own-place").dataset;
  const tile = Object.assign(document.createElement("canvas"), { width, height });
  tile.getContext("2d").drawImage(sheet, -Math.round((sheet.width - width) / 2), 0);
  return tile.toDataURL();
}

/* Show the image and its reconstruction; what is null stays as it is, until it is known. */
function showPictures(place, ...addresses) {
  place.querySelectorAll("image").forEach((image, index) => {
    if (addresses[index]) image.setAttribute("href", addresses[index]);
    else if (addresses[index] !== null) image.removeAttribute("href");
  });
}

/* ---- Motion --------------------------------------------------------------------------------------------- */

function stop() {
  for (const animation of running) animation.cancel();
  running = [];
}

function animate(part, frames, delay, duration) {
  const animation = part.animate(frames, { delay, duration, fill: "backwards" });
  running.push(animation);
  return animation;
}

const appear = (part, delay) => animate(part, [{ opacity: 0 }, { opacity: 1 }], delay, 250);

/* An edge fills, and dots run along it: one for every few nats. */
function fill(place, edge, nats, [delay, duration]) {
  const length = edge.getTotalLength();
  const partly = [length, 0].map((offset) => ({ strokeDasharray: length, strokeDashoffset: offset }));
  animate(edge, partly, delay, duration);
  const count = Math.min(MOST_DOTS, Math.round(nats / NATS + 0.49));
  if (!(count > 0)) return;
  const row = (count - 1) * APART;
  const dots = edge.cloneNode();
  dots.setAttribute("class", "flow-dots");
  // Strokes of no length with round ends, and after the last of them a gap that no edge is as long as.
  dots.style.strokeDasharray = `${`0 ${APART} `.repeat(count - 1)}0 ${2 * length + row}`;
  dots.style.strokeWidth = "";
  place.querySelector(".node").before(dots);
  const run = [row, -length].map((offset) => ({ strokeDashoffset: offset, opacity: 1 }));
  const end = () => dots.remove();
  animate(dots, run, delay, (duration * (length + row)) / length).finished.then(end, end);
}

function play(place, rates) {
  stop();
  if (matchMedia("(prefers-reduced-motion: reduce)").matches) return;
  const [input, output] = place.querySelectorAll(".node-x image");
  appear(input, 0);
  appear(output, REACHED.x);
  const times = place.dataset.direct === "true" ? BESIDE_Z1 : THROUGH_Z1;
  for (const edge of place.querySelectorAll(".edge")) {
    fill(place, edge, rates[edge.dataset.latent], times[edge.dataset.edge]);
  }
  for (const number of place.querySelectorAll(".flow-number")) {
    appear(number, REACHED[number.dataset.rate] ?? REACHED.x);
  }
  // Inference and generation have the same z₂ and z₁.
  for (const layer of ["z2", "z1"]) {
    for (const node of place.querySelectorAll(`.node-${layer}`)) {
      const frames = ["none", "scale(1.2)", "none"].map((transform) => ({ transform }));
      animate(node, frames, REACHED[layer] - 100, 300);
    }
  }
}

/* ---- What is shown -------------------------------------------------------------------------------------- */

let shown = {}; // rates in nats

function playIfSeen(isSeen) {
  if (!isDue || !isSeen) return;
  isDue = false;
  play(find(), shown);
}

const watch = new IntersectionObserver((entries) => playIfSeen(entries.at(-1).isIntersecting), { threshold: SEEN });

/* Show the rates of an image, both null if they are unknown. */
export function showOwnFlow(rates, image) {
  const place = find();
  if (!place.firstChild) drawFlow(place, true);
  shown = { z2: rates?.rate_z2, z1: rates?.rate_z1 };
  const words = showFlow(place, rates || {});
  place.setAttribute("aria-label", `How your image flows through the two layers: ${words}`);
  showPictures(place, image ? toAddress(image) : "", image ? reconstruction(image) : "");
  // Cleared: the same image may come again.
  if (image === played && screen.current.own) return;
  stop();
  played = "";
  isDue = Boolean(image) && image === screen.current.own; // not while a pen moves
  if (!isDue) return;
  played = image;
  // It tells at once whether the diagram is seen, and again when that changes.
  watch.unobserve(place);
  watch.observe(place);
}

export function listenToFlow() {
  document.addEventListener("click", ({ target }) => {
    if (target.closest("#own-flow-again")) play(find(), shown);
  });
}
