/* Rows and grids of buttons that Tab reaches once: arrows, Home and End go from button to button within them, as the
 * ARIA practices recommend for toolbars. Tab comes back to the button that had the focus last.
 */
const BARS = "[role=toolbar]";
const STEPS = {
  ArrowLeft: () => -1,
  ArrowRight: () => 1,
  ArrowUp: (columns) => -columns,
  ArrowDown: (columns) => columns,
};

const buttonsOf = (bar) => [...bar.querySelectorAll("button:not([hidden])")];

function letTabReach(bar, button) {
  for (const one of bar.querySelectorAll("button")) one.tabIndex = one === button ? 0 : -1;
}

/* Move the focus among elements, one of which has it, if a key does that. columns: see `next`. */
export function walk(event, elements, columns = 0) {
  if (!(event.key in STEPS || event.key === "Home" || event.key === "End")) return;
  if (event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
  elements[next(event.key, elements.indexOf(event.target), elements.length, columns)]?.focus();
  event.preventDefault();
}

/* Where a key leads from a place among so many: the same place at an edge. columns: 0 in a single row. */
function next(key, place, count, columns) {
  if (key === "Home") return 0;
  if (key === "End") return count - 1;
  const to = place + STEPS[key]?.(columns);
  return to >= 0 && to < count ? to : place;
}

export function start() {
  for (const bar of document.querySelectorAll(BARS)) letTabReach(bar, buttonsOf(bar)[0]);

  document.addEventListener("focusin", ({ target }) => {
    const bar = target.closest(BARS);
    if (bar && target.matches("button")) letTabReach(bar, target);
  });

  // Before the keyboard and lectures, where arrows have other meanings.
  const early = { capture: true };
  document.addEventListener(
    "keydown",
    (event) => {
      const bar = event.target.closest?.(BARS);
      if (bar) walk(event, buttonsOf(bar), Number(bar.dataset.columns || 0));
    },
    early,
  );
}
