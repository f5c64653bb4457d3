/* The compare view: pinned models side by side, drawn from the same noise and the same test images. */
(function () {
  "use strict";
  const hvae = (window.hvae = window.hvae || {});
  const SAMPLES = 32;
  const PAIRS = 16;

  hvae.pins = {
    /* Pin the point, or take its pin away. The fourth pin takes the place of the oldest. */
    toggle(point, since) {
      const { pins } = hvae.screen.current;
      if (!hvae.screen.points[point]) return;
      const most = document.querySelectorAll(".compare-column").length;
      const changed = pins.includes(point) ? pins.filter((one) => one !== point) : [...pins, point].slice(-most);
      hvae.screen.set({ pins: changed }, since);
    },
  };

  document.addEventListener("click", (event) => {
    if (event.target.closest("#pin")) hvae.pins.toggle(hvae.screen.current.point, event.timeStamp);
    const column = event.target.closest(".unpin") && event.target.closest(".compare-column");
    if (column) hvae.pins.toggle(column.dataset.point, event.timeStamp);
  });

  function show(column, point, since) {
    const known = hvae.screen.points[point];
    column.querySelector(".empty").hidden = Boolean(known);
    column.querySelector(".compare-model").hidden = !known;
    if (!known) {
      column.dataset.point = "";
      return;
    }
    column.dataset.point = point;
    column.querySelector(".swatch").style.backgroundColor = known.colour;
    column.querySelector(".compare-title").textContent = known.title;
    hvae.dom.tellStats(column, known);
    const { atlas, seed } = hvae.screen.current;
    const images = Math.min(PAIRS, Number(document.getElementById("model-panel").dataset.images));
    const wishes = {
      samples: `n=${SAMPLES}&seed=${seed}`,
      reconstructions: hvae.pictures.firstImages(images),
    };
    for (const [kind, parameters] of Object.entries(wishes)) {
      const slot = `compare-${column.dataset.index}-${kind}`;
      hvae.pictures.ask(slot, hvae.pictures.address(atlas, point, kind, parameters), since);
    }
  }

  hvae.screen.subscribe((screen, former, since) => {
    const pinned = screen.pins.includes(screen.point);
    const pin = document.getElementById("pin");
    pin.setAttribute("aria-pressed", pinned);
    pin.querySelector(".mantine-Button-label").textContent = pinned ? "Unpin" : "Pin";
    const tab = document.getElementById("tab-compare");
    tab.dataset.count = screen.pins.length || "";
    if (screen.view !== "compare") return;
    if (former && former.view === "compare" && former.pins === screen.pins && sameLook(former, screen)) return;
    for (const column of document.querySelectorAll(".compare-column")) {
      show(column, screen.pins[Number(column.dataset.index)], since);
    }
  });

  function sameLook(former, screen) {
    return former.seed === screen.seed && former.units === screen.units;
  }

  hvae.pictures.sayWhyMissing(
    (slot) => document.getElementById(`${slot}-picture`)?.closest(".compare-column .strip")?.querySelector(".picture-note"),
    (note, message) => (note.textContent = message),
  );
})();
