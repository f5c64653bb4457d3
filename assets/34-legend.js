/* The legend: of a view's signs, those that its figures hold.
 *
 * data-trace of a sign is how the names of its traces begin; `sizes` stands for dots of several sizes. Until all
 * figures of the view are drawn, all of its signs are there.
 */
(function () {
  "use strict";
  const hvae = (window.hvae = window.hvae || {});

  /* One place is enough for a dot, but not for a line. */
  function isSeen({ x, mode }) {
    return (x || []).length > (mode === "lines" ? 1 : 0);
  }

  function held() {
    const traces = hvae.figures.shown().flatMap((plot) => plot.data);
    const differ = traces.some(({ ids, marker }) => ids && new Set(marker.size).size > 1);
    return [...traces.filter(isSeen).map(({ name }) => name), ...(differ ? ["sizes"] : [])];
  }

  function tell() {
    if (!hvae.screen.current) return;
    const { view } = hvae.screen.current;
    const places = document.querySelectorAll(`#view-${view} .linked-figure`);
    const isWhole = hvae.figures.shown().length === places.length;
    const names = isWhole ? held() : [];
    for (const sign of document.querySelectorAll(".signs [data-trace]")) {
      const { views, trace } = sign.dataset;
      const isHeld = !isWhole || names.some((name) => name.startsWith(trace));
      sign.hidden = !views.split(" ").includes(view) || !isHeld;
    }
  }

  hvae.screen.subscribe((screen, former) => {
    if (!former || former.view !== screen.view) tell();
  });
  document.addEventListener("hvae:plotted", tell);
})();
