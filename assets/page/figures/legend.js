/* The legend shows those signs of a view that its figures contain.
 *
 * A sign's data-trace is a prefix of its traces' names; `sizes` stands for dots of several sizes, `fold` for the mark
 * of fold-mark.js. The sign of `beside` has the title of the atlas that is chosen. Until all figures of the view are
 * drawn, all of its signs are shown, except `fold`, and `theory` and `beside` where they are not chosen. Signs that no
 * figure holds keep their room, at the list's end: nothing below it moves.
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
  const { view, theory, beside } = screen.current;
  const isBeside = beside !== screen.first.beside;
  const places = [...document.querySelectorAll(`#view-${view} .linked-figure`)].filter((place) => place.offsetParent);
  const plots = visiblePlots();
  const isWhole = plots.length === places.length;
  const names = isWhole ? namesHeld(plots) : [];
  const hasFold = document.querySelector(`#view-${view} .fold-mark:not([hidden])`) !== null;
  for (const sign of document.querySelectorAll(".signs [data-trace]")) {
    const { views, trace } = sign.dataset;
    const isChosen = { fold: hasFold, theory: theory === "on", beside: isBeside }[trace] ?? true;
    if (trace === "beside") sign.lastElementChild.textContent = screen.fields.beside.choices[beside];
    sign.hidden = !views.split(" ").includes(view) || !isChosen;
    const isHeld = trace === "fold" || !isWhole || names.some((name) => name.startsWith(trace));
    sign.classList.toggle("is-absent", !isHeld);
  }
}

export function start() {
  screen.subscribe((current, former) => {
    const isSame = ["view", "point", "lecture", "theory", "beside"].every((name) => former?.[name] === current[name]);
    if (!isSame) showSigns();
  });
  document.addEventListener("hvae:known", showSigns);
  document.addEventListener("hvae:plotted", showSigns);
}
