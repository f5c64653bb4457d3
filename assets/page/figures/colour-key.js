/* Colour keys: a click on a cell selects its point, and a ring marks the selected point's cell.
 *
 * A key is a <div class="key-cells"> of cells with data-point. A page may have several. Tab reaches one cell of a key,
 * the selected one; arrow keys select another.
 */
import { screen } from "../core/screen.js";

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

  /* Dash replaces a key when colours change. */
  new MutationObserver((changes) => {
    if (changes.some(({ addedNodes }) => [...addedNodes].some((one) => one.querySelector?.(".key-cells")))) ring();
  }).observe(document.documentElement, { childList: true, subtree: true });
}
