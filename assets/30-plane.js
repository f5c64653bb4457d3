/* The rate plane: a click on a dot selects its model, and the selected dot wears a ring.
 *
 * The ring is an element of its own above the figure: to have plotly move a trace took 16 to 50 ms.
 */
(function () {
  "use strict";
  const hvae = (window.hvae = window.hvae || {});
  const RING_GAP = 3; // between a dot's edge and its ring, in pixels
  const REACH = 12; // how far from a dot's edge a click may land, in pixels
  const STILL = 6; // a press that moves further is no click

  function graph() {
    return document.querySelector("#plane .js-plotly-plot");
  }

  function dotsOf(plot) {
    return plot.data.find((trace) => trace.name === "points");
  }

  /* The centre of a dot, in pixels from the figure's upper left corner. */
  function centre(plot, dots, i) {
    const { _size: margin, xaxis, yaxis } = plot._fullLayout;
    return [margin.l + xaxis.d2p(dots.x[i]), margin.t + yaxis.d2p(dots.y[i])];
  }

  /* Which dot is at a place of the window: the one whose edge is nearest; null where none is near. */
  function dotAt(plot, x, y) {
    const box = plot.getBoundingClientRect();
    const dots = dotsOf(plot);
    let nearest = null;
    let least = REACH;
    dots.ids.forEach((point, i) => {
      const [across, down] = centre(plot, dots, i);
      const distance = Math.hypot(box.left + across - x, box.top + down - y) - dots.marker.size[i] / 2;
      if (distance < least) [nearest, least] = [point, distance];
    });
    return nearest;
  }

  /* Presses and releases are read here: plotly_click names the dot last hovered, and hovering lags behind, so
   * that of clicks in quick succession some selected the dot before. */
  let pressed = null;
  document.addEventListener(
    "pointerdown",
    (event) => {
      const plot = graph();
      pressed = event.isPrimary && event.button === 0 && plot && plot.contains(event.target) ? event : null;
    },
    { capture: true },
  );
  document.addEventListener("pointercancel", () => (pressed = null), { capture: true });
  document.addEventListener(
    "pointerup",
    (event) => {
      const began = pressed;
      pressed = null;
      const plot = graph();
      if (!began || !plot || !plot._fullLayout) return;
      if (Math.hypot(event.clientX - began.clientX, event.clientY - began.clientY) > STILL) return;
      const point = dotAt(plot, event.clientX, event.clientY);
      if (point !== null) hvae.screen.set({ point }, event.timeStamp);
    },
    { capture: true },
  );

  /* dcc.Graph loads plotly when it first needs it: wait for it. */
  function whenDrawn(act) {
    const plot = graph();
    if (plot && plot._fullLayout && plot.data) act();
    else requestAnimationFrame(() => whenDrawn(act));
  }

  function ringAgain() {
    if (hvae.screen.current) hvae.plane.ring(hvae.screen.current.point);
  }

  hvae.screen.subscribe((screen, former) => {
    if (!former || former.point !== screen.point) hvae.plane.ring(screen.point);
  });

  hvae.plane = {
    /* Put the ring around the dot of `point`; away where there is no such dot. */
    ring(point) {
      const plot = graph();
      const ring = document.getElementById("plane-ring");
      if (!ring || !plot || !plot._fullLayout || !plot.data) return;
      const dots = dotsOf(plot);
      const i = dots.ids.indexOf(point);
      ring.dataset.point = i < 0 ? "" : point;
      if (i < 0) return;
      const [across, down] = centre(plot, dots, i);
      const inner = dots.marker.size[i] + 2 * RING_GAP;
      ring.style.width = ring.style.height = `${inner}px`;
      ring.style.transform = `translate(${across}px, ${down}px) translate(-50%, -50%)`;
    },
  };

  /* Dash calls this whenever it has a new figure. */
  window.dash_clientside.hvae.planeDrawn = function () {
    whenDrawn(() => {
      const plot = graph();
      plot.removeListener("plotly_afterplot", ringAgain);
      plot.on("plotly_afterplot", ringAgain);
      ringAgain();
    });
  };
})();
