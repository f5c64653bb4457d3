/* The selected model's strip: which pictures it shows, its sliders, and what is said when one cannot be had. */
(function () {
  "use strict";
  const hvae = (window.hvae = window.hvae || {});
  const SAMPLES = 32;
  const LARGEST_SHIFT = 4;
  let asked = null; // what the strip shows, or is about to

  function address(picture, parameters) {
    const { atlas, point } = hvae.screen.current;
    return hvae.pictures.address(atlas, point, picture, parameters);
  }

  function sliders() {
    return [...document.querySelectorAll("#traversal-sliders input")];
  }

  function askSamples(since) {
    hvae.pictures.ask("samples", address("samples", `n=${SAMPLES}&seed=${hvae.screen.current.seed}`), since);
  }

  function askReconstructions(since) {
    const count = Number(document.getElementById("model-panel").dataset.images);
    const images = hvae.pictures.firstImages(count);
    if (count) hvae.pictures.ask("reconstructions", address("reconstructions", images), since);
  }

  function askTraversal(since) {
    const shifts = sliders()
      .filter((slider) => Number(slider.value) !== 0)
      .map((slider) => `&z2.${slider.dataset.dimension}=${slider.value}`);
    hvae.pictures.ask("traversal", address("traversal", `seed=${hvae.screen.current.seed}${shifts.join("")}`), since);
  }

  /* A slider for each z₂ dimension that carries much rate. */
  function placeSliders(dimensions) {
    const place = document.getElementById("traversal-sliders");
    place.replaceChildren(
      ...dimensions.map(({ dimension, rate }) => {
        const id = `traversal-${dimension}`;
        const label = hvae.dom.shiftSlider(id, `z₂[${dimension}]`, hvae.words.rate(rate), LARGEST_SHIFT);
        label.querySelector("input").dataset.dimension = dimension;
        return label;
      }),
    );
    place.classList.toggle("is-empty", dimensions.length === 0);
  }

  /* The sliders' rates in another unit, the sliders where they are. */
  function tellRates(dimensions) {
    const notes = document.querySelectorAll("#traversal-sliders .slider-rate");
    notes.forEach((note, index) => hvae.dom.note(note, hvae.words.rate(dimensions[index].rate)));
  }

  document.addEventListener("input", (event) => {
    if (!event.target.matches("#traversal-sliders input")) return;
    askTraversal(event.timeStamp);
    hvae.dom.tellShift(event.target);
  });

  function press(event) {
    if (event.target.closest("#draw-again")) {
      hvae.model.drawAgain(event.timeStamp);
    } else if (event.target.closest("#traversal-reset")) {
      for (const slider of sliders()) {
        slider.value = 0;
        hvae.dom.tellShift(slider);
      }
      askTraversal(event.timeStamp);
    } else return;
    // Dash would count the click, which takes it longer than the pictures take.
    event.stopPropagation();
  }
  document.addEventListener("click", press, { capture: true });

  /* One message for all pictures of the strip; it goes when they can be had again. */
  hvae.pictures.sayWhyMissing(
    (slot) => document.getElementById(`${slot}-picture`)?.closest("#model-panel"),
    (_, message) =>
      window.dash_clientside.set_props("model-message", message ? { children: message, hide: false } : { hide: true }),
  );

  function tellTraversal(point) {
    document.getElementById("traversal-subtitle").textContent = point ? point.traversal : "";
  }

  document.addEventListener("hvae:known", ({ detail }) => {
    if (!asked || asked.point !== detail.point) return;
    placeSliders(hvae.screen.points[detail.point].dimensions);
    tellTraversal(hvae.screen.points[detail.point]);
  });

  hvae.model = {
    /* New noise for the same model. */
    drawAgain(since) {
      hvae.screen.set({ seed: (hvae.screen.current.seed + 1) % 2 ** 31 }, since);
    },
  };

  /* Ask for the pictures of what is on screen; only those that the change concerns. */
  hvae.screen.subscribe((screen, former, since) => {
    tellTraversal(hvae.screen.points[screen.point]);
    if (!hvae.screen.points[screen.point] || document.getElementById("model-panel").hidden) return;
    const samePoint = asked && asked.point === screen.point;
    if (samePoint && asked.units !== screen.units) tellRates(hvae.screen.points[screen.point].dimensions);
    if (samePoint) asked = { ...asked, units: screen.units };
    const redraw = samePoint && asked.seed !== screen.seed;
    // The same dot clicked again asks for everything again: its files may be whole by now.
    const again = former && former.view === screen.view && former.point === screen.point && onlyChange(former, screen);
    if (samePoint && !redraw && !again) return;
    asked = screen;
    askSamples(since);
    if (!redraw) askReconstructions(since);
    if (!samePoint) placeSliders(hvae.screen.points[screen.point].dimensions);
    askTraversal(since);
  });

  /* Whether nothing but the count of changes differs. */
  function onlyChange(former, screen) {
    return Object.keys(screen).every((name) => name === "change" || String(former[name]) === String(screen[name]));
  }
})();
