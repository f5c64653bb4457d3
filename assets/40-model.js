/* The selected model's strip: which pictures it shows, its sliders, and what is said when one cannot be had. */
(function () {
  "use strict";
  const hvae = (window.hvae = window.hvae || {});
  const SAMPLES = 32;
  let asked = null; // what the strip shows, or is about to
  let waiting = { kinds: [], since: 0 }; // what is asked for once the samples have come

  const sliders = () => document.getElementById("traversal-sliders");

  /* Kind of picture → its parameters, with the sliders at these shifts. */
  function parameters(seed, shifts = "") {
    const count = Number(document.getElementById("model-panel").dataset.images);
    const reconstructions = count && hvae.pictures.firstImages(count);
    return { samples: `n=${SAMPLES}&seed=${seed}`, reconstructions, traversal: `seed=${seed}${shifts}` };
  }

  /* Their addresses; of an atlas without test images, there are no reconstructions. */
  function addresses({ atlas, point, seed }, shifts) {
    const kinds = Object.entries(parameters(seed, shifts)).filter(([, its]) => its);
    return Object.fromEntries(kinds.map(([kind, its]) => [kind, hvae.pictures.address(atlas, point, kind, its)]));
  }

  /* Ask for pictures of these kinds; done when they have come. */
  function ask(kinds, since) {
    const urls = addresses(asked, hvae.shifts.parameters(sliders()));
    return Promise.all([...kinds].map((kind) => urls[kind] && hvae.pictures.ask(kind, urls[kind], since)));
  }

  /* The samples before the rest: made side by side, all of them would be late. */
  async function askInTurn(rest, since) {
    waiting = { kinds: [...waiting.kinds, ...rest], since };
    await ask(["samples"], since);
    const { kinds } = waiting;
    waiting = { ...waiting, kinds: [] };
    await ask(new Set(kinds), waiting.since);
  }

  function askMoved(since) {
    const { traversal } = parameters(asked.seed, hvae.shifts.parameters(sliders()));
    hvae.pictures.askOnce("traversal", "traversal", traversal, since);
  }

  /* A slider for each z₂ dimension that carries much rate. */
  function placeSliders(dimensions) {
    const entries = dimensions.map(({ dimension, rate }) => ({
      shift: `z2.${dimension}`,
      title: `z₂[${dimension}]`,
      note: hvae.words.rate(rate),
    }));
    hvae.shifts.place(sliders(), entries);
  }

  /* The sliders' rates in another unit, the sliders where they are. */
  function tellRates(dimensions) {
    const notes = sliders().querySelectorAll(".slider-rate");
    notes.forEach((note, index) => hvae.dom.note(note, hvae.words.rate(dimensions[index].rate)));
  }

  document.addEventListener("input", (event) => {
    if (event.target.matches("#traversal-sliders input")) askMoved(event.timeStamp);
  });

  function press(event) {
    if (event.target.closest("#draw-again")) {
      hvae.model.drawAgain(event.timeStamp);
    } else if (event.target.closest("#traversal-reset")) {
      hvae.shifts.reset("z2", event.timeStamp);
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
    askMoved();
  });

  hvae.model = {
    /* New noise for the same model. */
    drawAgain(since) {
      hvae.screen.set({ seed: nextSeed() }, since);
    },

    /* Ask ahead for what the strip shows when a point is selected, while `isWanted()`. */
    askAhead(point, isWanted) {
      if (!isShown() || point === hvae.screen.current.point) return;
      const { samples, ...rest } = addresses({ ...hvae.screen.current, point });
      hvae.pictures.askAhead([samples, ...Object.values(rest)], isWanted);
    },
  };

  /* Ask ahead for the next draw: after one, and when the pointer is on the button. */
  function askNextDraw() {
    const { point, seed } = asked;
    const { samples, traversal } = addresses({ ...asked, seed: nextSeed() }, hvae.shifts.parameters(sliders()));
    hvae.pictures.askAhead([samples, traversal], () => asked.point === point && asked.seed === seed);
  }
  for (const name of ["pointerover", "pointerdown"]) {
    document.addEventListener(name, (event) => asked && event.target.closest("#draw-again") && askNextDraw());
  }

  function nextSeed() {
    return (hvae.screen.current.seed + 1) % 2 ** 31;
  }

  function isShown() {
    return !document.getElementById("model-panel").hidden;
  }

  /* Ask for the pictures of what is on screen; only those that the change concerns. */
  hvae.screen.subscribe((screen, former, since) => {
    const point = hvae.screen.points[screen.point];
    tellTraversal(point);
    if (!point || !isShown()) return;
    const before = asked;
    asked = screen;
    // The same dot clicked again asks for everything again: its files may be whole by now.
    const again = former && former.view === screen.view && former.point === screen.point && onlyChange(former, screen);
    if (before?.point !== screen.point) placeSliders(point.dimensions);
    else if (before.units !== screen.units) tellRates(point.dimensions);
    if (before?.point !== screen.point || again) askInTurn(["reconstructions", "traversal"], since);
    else if (before.seed !== screen.seed) askInTurn(["traversal"], since).then(askNextDraw);
    else if (before.shifts !== screen.shifts) askMoved(since);
  });

  /* Whether nothing but the count of changes differs. */
  function onlyChange(former, screen) {
    return Object.keys(screen).every((name) => name === "change" || String(former[name]) === String(screen[name]));
  }
})();
