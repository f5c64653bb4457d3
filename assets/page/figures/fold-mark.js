/* The hollow square that marks a selected point between the dots in all figures, as in the view of that name.
 *
 * It stands at the fold's estimated numbers. A figure's layout.meta names its columns across and up. If only one of the
 * two is known for a fold, the square stands on that axis.
 */
import { screen } from "../core/screen.js";
import { visiblePlots } from "./plots.js";

/* One of a fold's numbers as figures show it; undefined if unknown. */
function numberOf(numbers, column) {
  const { rate_z2: top, rate_z1: bottom, distortion } = numbers;
  const all = { ...numbers, rate_total: top + bottom, neg_elbo: distortion + top + bottom };
  const number = all[column];
  if (!Number.isFinite(number)) return undefined;
  return column === "psnr" || screen.current.units === "nats" ? number : number / Math.LN2;
}

/* Pixels along an axis, within it; `otherwise` if the column is unknown. */
function along(axis, numbers, column, floor, otherwise) {
  const number = numberOf(numbers, column);
  if (number === undefined) return otherwise;
  const pixels = axis.d2p(axis.type === "log" ? Math.max(number, floor) : number);
  return Math.min(axis._length, Math.max(0, pixels));
}

function mark(plot) {
  const element = plot.closest(".linked-figure").querySelector(".fold-mark");
  if (!element) return;
  const { _size: margin, xaxis, yaxis } = plot._fullLayout;
  const { meta } = plot.layout;
  const point = screen.points[screen.current.point];
  const isKnown = meta && point?.fold && point.numbers;
  const places = isKnown && [meta.x, meta.y].filter((column) => numberOf(point.numbers, column) !== undefined);
  element.hidden = !places?.length;
  if (element.hidden) return;
  const x = margin.l + along(xaxis, point.numbers, meta.x, meta.floor, 0);
  const y = margin.t + along(yaxis, point.numbers, meta.y, meta.floor, yaxis._length);
  element.style.transform = `translate(${x}px, ${y}px) translate(-50%, -50%)`;
}

const markAll = () => visiblePlots().forEach(mark);

export function start() {
  screen.subscribe((current, former) => {
    if (!former || former.point !== current.point || former.view !== current.view) markAll();
  });
  document.addEventListener("hvae:known", markAll);
  document.addEventListener("hvae:plotted", ({ detail }) => mark(detail.plot));
}
