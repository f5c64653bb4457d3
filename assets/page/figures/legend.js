/* The legend shows those signs of a view that its figures contain.
 *
 * A sign's data-trace is a prefix of its traces' names; `sizes` stands for dots of several sizes, `fold` for the mark
 * of fold-mark.js. Until all figures of the view are drawn, all of its signs are shown, except `fold`.
 */
import { screen } from "../core/screen.js";
import { visiblePlots } from "./plots.js";

/* A dot needs one place, a line two. */
function isSeen({ x, mode }) {
  return (x || []).length > (mode === "lines" ? 1 : 0);
}

/* The names of the visible traces. */
function namesHeld(plots) {
  const traces = plots.flatMap((plot) => plot.data);
  const differ = traces.some(({ ids, marker }) => ids && new Set(marker.size).size > 1);
  return [...traces.filter(isSeen).map(({ name }) => name), ...(differ ? ["sizes"] : [])];
}

function showSigns() {
  const { view } = screen.current;
  const places = [...document.querySelectorAll(`#view-${view} .linked-figure`)].filter((place) => place.offsetParent);
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
    const isSame = ["view", "point", "lecture"].every((name) => former?.[name] === current[name]);
    if (!isSame) showSigns();
  });
  document.addEventListener("hvae:known", showSigns);
  document.addEventListener("hvae:plotted", showSigns);
}
