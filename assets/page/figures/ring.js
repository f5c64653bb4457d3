/* The ring around the selected dot in all figures.
 *
 * It is an element above the figure, because plotly takes 16 to 50 ms to move a trace.
 */
import { screen } from "../core/screen.js";
import { dotsOf, visiblePlots } from "./plots.js";

const GAP = 3; // between a dot's edge and its ring, in pixels

function ring(plot) {
  const element = plot.closest(".linked-figure").querySelector(".ring");
  if (!element) return;
  const { point } = screen.current;
  const dot = dotsOf(plot).find((one) => one.point === point);
  element.dataset.point = dot ? point : "";
  if (!dot) return;
  element.style.width = element.style.height = `${2 * (dot.radius + GAP)}px`;
  element.style.transform = `translate(${dot.x}px, ${dot.y}px) translate(-50%, -50%)`;
}

export function start() {
  screen.subscribe((current, former) => {
    if (!former || former.point !== current.point) visiblePlots().forEach(ring);
  });
  document.addEventListener("hvae:plotted", ({ detail }) => ring(detail.plot));
}
