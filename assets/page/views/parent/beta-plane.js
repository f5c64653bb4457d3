/* The β plane: each place is a fold, in the shared colour code; above it the atlas's dots and a handle. */
import { element } from "../../core/dom.js";
import { foldColour } from "../../core/folds.js";
import { shortNumber } from "../../core/numbers.js";
import { parentSetting } from "../../core/parent-setting.js";

const CELLS = 48; // of the coloured plane, per side

const plane = () => document.getElementById("beta-plane");
const handle = () => plane().querySelector(".beta-handle");

/* From β to a share of the plane's side, on a logarithmic scale. */
export function shareOf(beta) {
  const [low, high] = parentSetting().range;
  return Math.log(beta / low) / Math.log(high / low);
}

/* From a share of the plane's side to β; beyond the plane, to β at its edge. */
export function betaAt(share) {
  const [low, high] = parentSetting().range;
  return low * (high / low) ** Math.min(1, Math.max(0, share));
}

/* [β₂, β₁] at a place of the window. */
export function betasAt(clientX, clientY) {
  const box = plane().getBoundingClientRect();
  return [betaAt((clientX - box.left) / box.width), betaAt(1 - (clientY - box.top) / box.height)];
}

export function isBetaPlaneDrawn() {
  return Boolean(handle());
}

export function placeHandle(beta2, beta1) {
  handle().style.left = `${100 * shareOf(beta2)}%`;
  handle().style.top = `${100 * (1 - shareOf(beta1))}%`;
}

/* Mark the selected point's dot. */
export function markDot(point) {
  for (const dot of document.querySelectorAll(".beta-dot")) {
    dot.classList.toggle("is-selected", dot.dataset.point === point);
  }
}

export function drawBetaPlane() {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = CELLS;
  const context = canvas.getContext("2d");
  const image = context.createImageData(CELLS, CELLS);
  for (let row = 0; row < CELLS; row++) {
    for (let column = 0; column < CELLS; column++) {
      const colour = foldColour(betaAt((column + 0.5) / CELLS), betaAt(1 - (row + 0.5) / CELLS));
      image.data.set([...colour, 255], 4 * (row * CELLS + column));
    }
  }
  context.putImageData(image, 0, 0);
  plane().replaceChildren(canvas, ...parentSetting().dots.map(dotMark), element("span", "beta-handle"));
  drawTicks();
}

function dotMark(dot) {
  const mark = element("i", "beta-dot");
  mark.dataset.point = dot.point;
  mark.style.left = `${100 * shareOf(dot.beta_2)}%`;
  mark.style.top = `${100 * (1 - shareOf(dot.beta_1))}%`;
  return mark;
}

/* Labels at 1 and about 3 of each decade. */
function drawTicks() {
  const [low, high] = parentSetting().range;
  const ticks = [];
  for (let k = Math.floor(Math.log10(low)); k <= Math.ceil(Math.log10(high)); k++) {
    for (const beta of [10 ** k, 10 ** (k + 0.5)]) {
      if (beta >= low * 0.99 && beta <= high * 1.01) ticks.push(beta);
    }
  }
  for (const [id, side, name] of [
    ["beta-ticks-across", "left", "β₂"],
    ["beta-ticks-up", "bottom", "β₁"],
  ]) {
    const labels = ticks.map((beta) => {
      const label = element("span", "", shortNumber(beta, 2));
      label.style[side] = `${100 * shareOf(beta)}%`;
      return label;
    });
    document.getElementById(id).replaceChildren(...labels, element("b", "", name));
  }
}
