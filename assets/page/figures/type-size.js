/* The size of figures' type, dots and curves, which grows with the page's type in lecture mode. */
import { screen } from "../core/screen.js";
import { FIGURE_TYPE } from "../core/shared-constants.js";
import { visiblePlots } from "./plots.js";

const drawnWith = new WeakMap(); // a trace's marker or line → its original size, sizes or width

/* assets/lecture.css sets --scale and --smallest for type, and --dots for dots. */
function fit(plot) {
  const page = getComputedStyle(document.documentElement);
  const sizes = ["--scale", "--smallest", "--dots"];
  const [scale, smallest, dots] = sizes.map((name) => parseFloat(page.getPropertyValue(name)) || 0);
  fitDots(plot, dots || 1);
  const size = Math.max(FIGURE_TYPE * (scale || 1), smallest);
  const { font, margin } = plot.layout;
  const larger = size / font.size;
  if (Math.abs(larger - 1) < 0.01) return;
  const change = { "font.size": size, "xaxis.title.font.size": size, "yaxis.title.font.size": size };
  for (const side of "lrtb") change[`margin.${side}`] = margin[side] * larger;
  window.Plotly.relayout(plot, change);
}

/* Make markers and lines of a plot `times` as large as they were drawn. */
function fitDots(plot, times) {
  restyle(plot, "marker", "size", times);
  restyle(plot, "line", "width", times);
}

function restyle(plot, part, property, times) {
  const changed = [];
  const sizes = [];
  plot.data.forEach((trace, index) => {
    const its = trace[part];
    if (!its?.[property]) return;
    if (!drawnWith.has(its)) drawnWith.set(its, its[property]);
    const first = drawnWith.get(its);
    const wanted = Array.isArray(first) ? first.map((size) => size * times) : first * times;
    if (String(wanted) === String(its[property])) return;
    changed.push(index);
    sizes.push(wanted);
  });
  if (changed.length) window.Plotly.restyle(plot, { [`${part}.${property}`]: sizes }, changed);
}

export function start() {
  screen.subscribe((current, former) => {
    // After the page has changed its own type.
    if (former && former.lecture !== current.lecture) requestAnimationFrame(() => visiblePlots().forEach(fit));
  });
  document.addEventListener("hvae:plotted", ({ detail }) => fit(detail.plot));
}
