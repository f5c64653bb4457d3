/* What stands beside the optima in the rate planes: symbol and word of a goal (where room is short its symbol) and, for the
 * figure's own goal, samples of the model if that is not far. A line leads to its dot; a click selects that.
 *
 * layout.meta.optima of a figure lists them, its own first: {point, goal, word, own}. They are placed again whenever
 * the figure is drawn in another size, unit or axis.
 */
import { element, svg } from "../../core/dom.js";
import { ask } from "../../core/pictures.js";
import { screen } from "../../core/screen.js";
import { pictureAddress } from "../../server/server-addresses.js";
import { placesFor } from "./label-places.js";
import { dotsOf, visiblePlots } from "../plots.js";

const SAMPLES = 4; // of the thumbnail
const WORTH = 120; // how much longer lines may be with samples, in pixels
const NARROW = 640; // a window without room for thumbnails, in pixels
const REST_MS = 600; // after the first samples of the selected model, before thumbnails are asked for
const placed = new WeakMap(); // plot → {key, places}: what was last found, and for what
let mayAsk = false;

function makeLabel(figure, index) {
  const label = element("button", "optimum", "", { type: "button", tabIndex: -1 });
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

/* Places of the labels, as `how` has them; samples are the figure's own only. Null where there is no room. */
function lay(plot, made, wanted, how) {
  const { _size: margin } = plot._fullLayout;
  // Beside the axes, too, where no numbers are.
  const area = { x: margin.l, y: 0, width: margin.w + margin.r, height: margin.t + margin.h };
  const all = dotsOf(plot);
  const dots = wanted.map(({ point }) => all.find((dot) => dot.point === point));
  if (!dots.every(Boolean)) return null;
  return placesFor(sizesOf(made, wanted, how), dots, circles(plot), area);
}

function sizesOf(made, wanted, how) {
  return made.map((label, index) => {
    label.dataset.how = how === "samples" && !wanted[index].own ? "word" : how;
    return { width: label.offsetWidth, height: label.offsetHeight };
  });
}

/* The places of words, or of samples too where these are not much farther; else of symbols. */
function bestPlaces(plot, made, wanted) {
  const words = lay(plot, made, wanted, "word");
  if (window.innerWidth > NARROW) {
    const samples = lay(plot, made, wanted, "samples");
    if (samples && (!words || samples.cost <= words.cost + WORTH)) return samples;
  }
  if (!words) return lay(plot, made, wanted, "symbol");
  sizesOf(made, wanted, "word");
  return words;
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
  if (!layer.firstChild) {
    layer.append(svg("svg", { "aria-hidden": "true" }));
    layer.setAttribute("role", "toolbar"); // one stop of Tab: controls/toolbars.js
    layer.setAttribute("aria-label", "Best models");
  }
  const made = [...layer.querySelectorAll(".optimum")];
  made.splice(wanted.length).forEach((label) => label.remove());
  while (made.length < wanted.length) made.push(makeLabel(figure, made.length));
  layer.append(...made.filter((label) => !label.parentElement));
  made.forEach((label, index) => fill(label, wanted[index]));
  if (made.length && !made.some(({ tabIndex }) => tabIndex === 0)) made[0].tabIndex = 0;
  layer.hidden = false;

  const key = JSON.stringify([wanted, window.innerWidth, plot._fullLayout._size, circles(plot)]);
  let places = placed.get(plot)?.key === key ? placed.get(plot).places : null;
  if (!places) {
    places = bestPlaces(plot, made, wanted);
    placed.set(plot, { key, places });
  }
  layer.hidden = !places;
  layer.querySelector("svg").replaceChildren(...(places?.lines ?? []).map((line) => svg("line", line)));
  (places?.boxes ?? []).forEach(({ x, y }, index) => {
    made[index].style.transform = `translate(${Math.round(x)}px, ${Math.round(y)}px)`;
    if (made[index].dataset.how === "samples") showSamples(made[index], figure, index);
  });
}

export function start() {
  document.addEventListener("click", (event) => {
    const label = event.target.closest(".optimum");
    if (!label) return;
    screen.set({ point: label.dataset.point }, event.timeStamp);
    if (event.detail) label.blur(); // pressed by a pointer: from here, arrows walk the grid
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
