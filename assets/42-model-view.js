/* The model view: which pictures its current part shows, its sliders, and its chosen test images. */
(function () {
  "use strict";
  const hvae = (window.hvae = window.hvae || {});
  const SAMPLES = 32;
  const ask = hvae.pictures.askOnce;

  function imageCount() {
    return Number(document.querySelector(".model-view").dataset.images);
  }

  /* The chosen test images that this atlas has. */
  function chosen(screen) {
    return screen.images.split(",").map(Number).filter((index) => index < imageCount());
  }

  const PARTS = {
    samples(screen, since) {
      const temperature = temperatureSlider().value;
      ask("model-samples", "samples", `n=${SAMPLES}&seed=${screen.seed}&temperature=${temperature}`, since);
      ask("model-resample", "resample", `rows=8&seed=${screen.seed}`, since);
      const images = hvae.pictures.firstImages(imageCount());
      if (imageCount()) ask("model-reconstructions", "reconstructions", images, since);
    },
    walks(screen, since) {
      for (const latent of ["z2", "z1"]) {
        const there = document.getElementById(`${latent}-sliders`);
        ask(`model-${latent}`, "traversal", `seed=${screen.seed}${hvae.shifts.parameters(there)}`, since);
        const rows = Number(there.dataset.count);
        if (rows) ask(`model-${latent}-strips`, "dimensions", `latent=${latent}&seed=${screen.seed}&rows=${rows}`, since);
      }
    },
    mix(screen, since) {
      if (imageCount() < 2) return;
      hvae.thumbnails.show("model-thumbnails", imageCount(), since);
      const images = chosen(screen);
      hvae.thumbnails.mark("model-thumbnails", images);
      if (images.length) ask("model-mix", "mix", `images=${images}`, since);
      if (images.length > 1) ask("model-interpolation", "interpolation", `images=${images}`, since);
    },
  };

  /* Sliders of z₂'s dimensions are those of the model; directions of z₁ are counted. */
  let slidersOf = null;
  document.addEventListener("hvae:known", ({ detail }) => {
    // Which dimensions a fold has is known a little later than its name.
    if (detail.point === slidersOf) slidersOf = null;
  });

  function placeSliders(point) {
    if (slidersOf === point) return;
    slidersOf = point;
    const directions = Number(document.getElementById("z1-sliders").dataset.count);
    place("z2", hvae.screen.points[point].dimensions || []);
    place("z1", Array.from({ length: directions }, (_, index) => ({ dimension: index })));
  }

  function place(latent, entries) {
    const there = document.getElementById(`${latent}-sliders`);
    const title = ({ dimension }, row) => (latent === "z2" ? `z₂[${dimension}]` : `direction ${row + 1}`);
    hvae.shifts.place(
      there,
      entries.map((entry, row) => ({ shift: `${latent}.${entry.dimension}`, title: title(entry, row) })),
    );
    entries.forEach(({ rate = "" }, row) => (there.querySelectorAll(".slider-rate")[row].dataset.nats = rate));
  }

  /* Mantine has no slider that draws while it moves; a native one does. */
  function temperatureSlider() {
    const there = document.getElementById("temperature-slider");
    if (!there.firstChild) {
      const range = { type: "range", id: "temperature", min: 0, max: 2, step: 0.02 };
      there.append(hvae.dom.element("input", "", "", { ...range, value: hvae.screen.current.temperature }));
    }
    return there.firstChild;
  }

  function tellTemperature() {
    document.getElementById("temperature-value").textContent = Number(temperatureSlider().value).toFixed(2);
  }

  hvae.tabs("part");

  hvae.screen.subscribe((screen, former, since) => {
    if (screen.view !== "model") return;
    for (const part of document.querySelectorAll(".part")) part.hidden = part.dataset.part !== screen.part;
    if (former?.temperature !== screen.temperature) temperatureSlider().value = screen.temperature;
    tellTemperature();
    if (!hvae.screen.points[screen.point]) return;
    placeSliders(screen.point);
    for (const note of document.querySelectorAll(".walk-sliders .slider-rate")) {
      if (note.dataset.nats) hvae.dom.note(note, hvae.words.rate(Number(note.dataset.nats)));
    }
    PARTS[screen.part](screen, since);
  });

  document.addEventListener("input", (event) => {
    const screen = hvae.screen.current;
    if (event.target.id === "temperature") {
      tellTemperature();
      PARTS.samples(screen, event.timeStamp);
    } else if (event.target.matches(".walk-sliders input")) PARTS.walks(screen, event.timeStamp);
  });

  /* The address says it once the hand rests. */
  document.addEventListener("change", (event) => {
    if (event.target.id === "temperature") hvae.screen.set({ temperature: event.target.value }, event.timeStamp);
  });

  document.addEventListener("click", (event) => {
    const reset = event.target.closest(".walk-reset");
    const thumbnail = event.target.closest(".model-view .thumbnail");
    if (event.target.closest(".model-draw-again")) hvae.model.drawAgain(event.timeStamp);
    if (reset) hvae.shifts.reset(reset.dataset.latent, event.timeStamp);
    if (thumbnail) choose(Number(thumbnail.dataset.image), event.timeStamp);
  });

  /* Add an image to those that are mixed, or take it away; two remain. */
  function choose(index, since) {
    const images = chosen(hvae.screen.current);
    const without = images.filter((one) => one !== index);
    const changed = without.length === images.length ? [...images, index].slice(-4) : without;
    if (changed.length >= 2) hvae.screen.set({ images: changed.join(",") }, since);
  }
})();
