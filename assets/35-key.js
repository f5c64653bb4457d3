/* Colour keys: a click on a cell selects its point, and the selected point's cell wears a ring.
 *
 * A key is a <div class="key-cells"> of cells with data-point; there may be several on a page.
 */
(function () {
  "use strict";
  const hvae = (window.hvae = window.hvae || {});

  function ring() {
    if (!hvae.screen.current) return;
    const { point } = hvae.screen.current;
    for (const cells of document.querySelectorAll(".key-cells")) {
      const former = cells.querySelector(".is-selected");
      if (former && former.dataset.point === point) continue;
      if (former) former.classList.remove("is-selected");
      // A thinned-out key has no cell for some points, a coarse one several cells for the same.
      const cell = [...cells.children].find((one) => one.dataset.point === point);
      if (cell) cell.classList.add("is-selected");
    }
  }

  document.addEventListener("click", (event) => {
    const cell = event.target.closest(".key-cells [data-point]");
    if (cell) hvae.screen.set({ point: cell.dataset.point }, event.timeStamp);
  });

  hvae.screen.subscribe(ring);

  /* Dash replaces a key when colours change. */
  new MutationObserver((changes) => {
    if (changes.some(({ addedNodes }) => [...addedNodes].some((one) => one.querySelector?.(".key-cells")))) ring();
  }).observe(document.documentElement, { childList: true, subtree: true });
})();
