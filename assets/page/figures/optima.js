/* What stands beside the optima in the rate planes: the symbol and the word of a goal and, for the figure's own goal,
 * samples of the model where there is room. A line leads to its dot; a click selects that.
 *
 * layout.meta.optima of a figure lists them, its own first: {point, goal, word, own}. They are laid where no dot, no
 * symbol and no other of them is, so they are placed again whenever the figure is drawn: in another size, unit or axis.
 */
import { element, svg } from "../core/dom.js";
import { ask } from "../core/pictures.js";
import { screen } from "../core/screen.js";
import { pictureAddress } from "../server/server-addresses.js";
import { dotsOf, visiblePlots } from "./plots.js";

const SAMPLES = 4; // of the thumbnail
const STEP = 7; // between places that are tried, in pixels
const CLEAR = 4; // from dots and from one another, in pixels
const NARROW = 640; // a window without room for thumbnails, in pixels
const REST_MS = 600; // after the first samples of the selected model, before thumbnails are asked for
let mayAsk = false;

function makeLabel(figure, index) {
  const label = element("button", "optimum", "", { type: "button" });
  const name = element("span", "optimum-name");
  const mark = element("span", "mark mark-optimum");
  mark.append(element("i"));
  name.append(mark, element("span"));
  const canvas = element("canvas", "optimum-samples", "", { id: `${figure}-optimum-${index}-picture`, ariaHidden: "true" });
  label.append(name, canvas);
  return label;
}

function fill(label, { point, goal, word }) {
  label.dataset.point = point;
  label.querySelector(".mark").className = `mark mark-optimum of-${goal || "none"}`;
  label.querySelector(".optimum-name > :last-child").textContent = word;
  label.setAttribute("aria-label", `${word}: select the best, ${screen.points[point]?.title || point}`);
}

/* Circles that labels keep clear of: dots, and the symbols on them. */
function circles(plot) {
  const { _size: margin, xaxis, yaxis } = plot._fullLayout;
  return plot.data
    .filter(({ mode }) => mode === "markers")
    .flatMap(({ x, y, marker }) =>
      x.map((_, i) => ({
        x: margin.l + xaxis.d2p(x[i]),
        y: margin.t + yaxis.d2p(y[i]),
        radius: (Array.isArray(marker.size) ? marker.size[i] : marker.size) / 2,
      })),
    );
}

/* How far a box, {x, y, width, height}, and a circle are apart; below 0 if they overlap. */
function gapToDot(box, { x, y, radius }) {
  const across = Math.max(box.x - x, 0, x - box.x - box.width);
  const up = Math.max(box.y - y, 0, y - box.y - box.height);
  return Math.hypot(across, up) - radius;
}

function gapToBox(one, other) {
  const across = Math.max(one.x - other.x - other.width, other.x - one.x - one.width);
  const up = Math.max(one.y - other.y - other.height, other.y - one.y - one.height);
  return Math.max(across, up);
}

/* The place inside `area` for a box that is nearest to a dot among those that are clear; null where none is. */
function placeFor(size, dot, around, taken, area) {
  let best = null;
  for (let x = area.x; x + size.width <= area.x + area.width; x += STEP) {
    for (let y = area.y; y + size.height <= area.y + area.height; y += STEP) {
      const box = { x, y, ...size };
      const far = gapToDot(box, dot);
      if (best && far >= best.far) continue;
      if (far < CLEAR || taken.some((other) => gapToBox(box, other) < CLEAR)) continue;
      if (around.some((one) => gapToDot(box, one) < CLEAR)) continue;
      best = { box, far };
    }
  }
  return best?.box ?? null;
}

/* The line from a dot's edge to the nearest place of its label. */
function lineTo(box, { x, y, radius }) {
  const end = [Math.min(Math.max(x, box.x), box.x + box.width), Math.min(Math.max(y, box.y), box.y + box.height)];
  const far = Math.hypot(end[0] - x, end[1] - y) || 1;
  const [x1, y1] = [x + ((end[0] - x) * radius) / far, y + ((end[1] - y) * radius) / far];
  return svg("line", { x1, y1, x2: end[0], y2: end[1] });
}

/* All orders of a few things, theirs first. */
function permutations(things) {
  if (things.length < 2) return [things];
  return things.flatMap((first, index) => permutations(things.toSpliced(index, 1)).map((rest) => [first, ...rest]));
}

/* Places of the labels, index → {x, y, width, height, dot}, as `how` has the figure's own; null where there is no room. */
function lay(plot, made, wanted, how) {
  const { _size: margin } = plot._fullLayout;
  const area = { x: margin.l, y: margin.t, width: margin.w, height: margin.h };
  const dots = dotsOf(plot);
  const around = circles(plot);
  const sizes = made.map((label, index) => {
    label.dataset.how = how === "samples" && !wanted[index].own ? "word" : how;
    return { width: label.offsetWidth, height: label.offsetHeight };
  });
  // Whoever comes first has the best place; but then there may be none for the last.
  for (const order of permutations([...sizes.keys()])) {
    const places = place(order);
    if (places) return places;
  }
  return null;

  function place(order) {
    const taken = [];
    const places = [];
    for (const index of order) {
      const dot = dots.find((one) => one.point === wanted[index].point);
      const box = dot && placeFor(sizes[index], dot, around, taken, area);
      if (!box) return null;
      taken.push(box);
      places[index] = { ...box, dot };
    }
    return places;
  }
}

function showSamples(label, figure, index) {
  if (!mayAsk || navigator.connection?.saveData) return;
  const url = pictureAddress(screen.current.atlas, label.dataset.point, "samples", `n=${SAMPLES}&seed=${screen.first.seed}`);
  if (label.dataset.asked === url) return;
  label.dataset.asked = url;
  ask(`${figure}-optimum-${index}`, url);
}

function show(plot) {
  const layer = plot.closest(".linked-figure").querySelector(".optima");
  const wanted = plot.layout.meta?.optima || [];
  if (!layer || !(wanted.length || layer.firstChild)) return;
  const figure = plot.closest(".figure-graph").id;
  if (!layer.firstChild) layer.append(svg("svg", { "aria-hidden": "true" }));
  const made = [...layer.querySelectorAll(".optimum")];
  made.splice(wanted.length).forEach((label) => label.remove());
  while (made.length < wanted.length) made.push(makeLabel(figure, made.length));
  layer.append(...made.filter((label) => !label.parentElement));
  made.forEach((label, index) => fill(label, wanted[index]));
  layer.hidden = false;

  const ways = window.innerWidth <= NARROW ? ["word", "symbol"] : ["samples", "word", "symbol"];
  let places = null;
  for (const how of ways) places ||= lay(plot, made, wanted, how);
  layer.hidden = !places;
  const lines = layer.querySelector("svg");
  lines.replaceChildren(...(places || []).map((box) => lineTo(box, box.dot)));
  (places || []).forEach(({ x, y }, index) => {
    made[index].style.transform = `translate(${Math.round(x)}px, ${Math.round(y)}px)`;
    if (made[index].dataset.how === "samples") showSamples(made[index], figure, index);
  });
}

export function start() {
  document.addEventListener("click", (event) => {
    const label = event.target.closest(".optimum");
    if (label) screen.set({ point: label.dataset.point }, event.timeStamp);
  });
  document.addEventListener("hvae:plotted", ({ detail }) => show(detail.plot));
  // What a visitor waits for comes first.
  document.addEventListener("hvae:drawn", function first({ detail }) {
    if (detail.slot !== "samples") return;
    document.removeEventListener("hvae:drawn", first);
    setTimeout(() => {
      mayAsk = true;
      visiblePlots().forEach(show);
    }, REST_MS);
  });
}
