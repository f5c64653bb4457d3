/* Colour keys: a click on a cell selects its point, and a ring marks the selected point's cell.
 *
 * A key is a <div class="key-cells"> whose data-cells lists [point, colour] of each cell. A page may have several. Tab
 * reaches one cell of a key, the selected one; arrow keys select another.
 */
import { element } from "../core/dom.js";
import { screen } from "../core/screen.js";

function makeCell(point) {
  const label = screen.points[point]?.title ?? point;
  const cell = element("i", "", "", { role: "radio", tabIndex: -1, title: label, ariaChecked: "false", ariaLabel: label });
  cell.dataset.point = point;
  return cell;
}

/* Make the cells of all keys, or colour those that are there. */
function fill() {
  for (const cells of document.querySelectorAll(".key-cells")) {
    const wanted = JSON.parse(cells.dataset.cells);
    const isMade =
      cells.children.length === wanted.length && wanted.every(([point], i) => cells.children[i].dataset.point === point);
    if (!isMade) cells.replaceChildren(...wanted.map(([point]) => makeCell(point)));
    wanted.forEach(([, colour], i) => (cells.children[i].style.backgroundColor = colour));
  }
  ring();
}

function ring() {
  const { point } = screen.current;
  for (const cells of document.querySelectorAll(".key-cells")) {
    const former = cells.querySelector(".is-selected");
    if (former && former.dataset.point === point) continue;
    // A key of a fine grid has no cell for some points; one with missing points has several cells for the same.
    const cell = [...cells.children].find((one) => one.dataset.point === point);
    if (former) mark(former, false);
    if (cell) mark(cell, true);
    stopAt(cells, cell);
  }
}

function mark(cell, isSelected) {
  cell.classList.toggle("is-selected", isSelected);
  cell.setAttribute("aria-checked", isSelected);
}

/* Let Tab stop at this cell, or, without one, where it did before. The focus follows. */
function stopAt(cells, cell) {
  const former = cells.querySelector("[tabindex='0']");
  const stop = cell || former || cells.firstElementChild;
  if (!stop || stop === former) return;
  stop.tabIndex = 0;
  if (former === document.activeElement) stop.focus();
  if (former) former.tabIndex = -1;
}

function select(event) {
  const cell = event.target.closest(".key-cells [data-point]");
  if (cell) screen.set({ point: cell.dataset.point }, event.timeStamp);
  return Boolean(cell);
}

export function start() {
  document.addEventListener("click", select);
  document.addEventListener("keydown", (event) => {
    if ((event.key === " " || event.key === "Enter") && select(event)) event.preventDefault();
  });

  screen.subscribe(ring);
  fill();

  /* Dash changes data-cells, or replaces a key, when colours change. */
  const isKey = ({ target, addedNodes }) =>
    target.matches?.(".key-cells[data-cells]") || [...addedNodes].some((one) => one.querySelector?.(".key-cells"));
  new MutationObserver((changes) => {
    if (changes.some(isKey)) fill();
  }).observe(document.documentElement, {
    childList: true,
    subtree: true,
    attributes: true,
    attributeFilter: ["data-cells"],
  });
}
