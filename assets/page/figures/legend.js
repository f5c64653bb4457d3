/* The legend: of a view's signs, those that its figures hold.
 *
 * data-trace of a sign is how the names of its traces begin; `sizes` stands for dots of several sizes, `fold` for the
 * mark of fold-mark.js. Until all figures of the view are drawn, all of its signs but that are there.
 */
import { screen } from "../core/screen.js";
import { visiblePlots } from "./plots.js";

/* One place is enough for a dot, but not for a line. */
function isSeen({ x, mode }) {
  return (x || []).length > (mode === "lines" ? 1 : 0);
}

/* The names of the traces that can be seen. */
function namesHeld(plots) {
  const traces = plots.flatMap((plot) => plot.data);
  const differ = traces.some(({ ids, marker }) => ids && new Set(marker.size).size > 1);
  return [...traces.filter(isSeen).map(({ name }) => name), ...(differ ? ["sizes"] : [])];
}

function showSigns() {
  const { view } = screen.current;
  const places = document.querySelectorAll(`#view-${view} .linked-figure`);
  const plots = visiblePlots();
  const isWhole = plots.length === places.length;
  const names = isWhole ? namesHeld(plots) : [];
  const hasFold = document.querySelector(`#view-${view} .fold-mark:not([hidden])`) !== null;
  for (const sign of document.querySelectorAll(".signs [data-trace]")) {
    const { views, trace } = sign.dataset;
    const isHeld = trace === "fold" ? hasFold : !isWhole || names.some((name) => name.startsWith(trace));
    sign.hidden = !views.split(" ").includes(view) || !isHeld;
  }
}

export function start() {
  screen.subscribe((current, former) => {
    if (!former || former.view !== current.view || former.point !== current.point) showSigns();
  });
  document.addEventListener("hvae:known", showSigns);
  document.addEventListener("hvae:plotted", showSigns);
}
