/* The parent's view: a hand on the β plane, or in the rate plane, decides where the parent is folded.
 *
 * While a hand moves, pictures and rough numbers follow; when it rests, the fold is selected (state, address) and
 * its numbers are estimated on all test images of the atlas.
 */
(function () {
  "use strict";
  const hvae = (window.hvae = window.hvae || {});
  const CELLS = 48; // of the coloured plane, per side
  const STEP = 1 / 24; // of the plane's side, by an arrow key
  const ROUGH_IMAGES = 16;
  const REACH = 9; // pixels from a dot within which a click means the dot
  const PICTURES = { samples: (seed) => `n=24&seed=${seed}`, reconstructions: (_, images) => images };
  let shown = null; // the fold that is on screen
  let dragging = false;
  let told = null; // the numbers that are on screen
  let rough = null; // the rough estimate that is on its way

  const find = (id) => document.getElementById(id);
  const here = () => find("parent-view") && hvae.screen.current.view === "parent";

  /* ---------------------------------------------------------------------------------------------- the fold */

  /* Show the fold at (β₂, β₁): places, pictures, numbers. */
  function show(beta2, beta1, since) {
    const name = hvae.folds.name(beta2, beta1);
    const isNew = shown !== name;
    shown = name;
    const known = hvae.screen.points[name] || hvae.folds.describe(name);
    find("parent-title").textContent = known.title;
    find("parent-swatch").style.backgroundColor = known.colour;
    place(beta2, beta1);
    if (isNew) {
      const { atlas, seed } = hvae.screen.current;
      askPictures(atlas, name, seed, since);
      if (known.estimated) tell(known);
      else if (dragging) askRough();
    }
    hvae.training?.show(beta2, beta1);
  }

  function askPictures(atlas, name, seed, since) {
    const count = Math.min(8, Number(find("model-panel").dataset.images));
    const images = hvae.pictures.firstImages(count);
    for (const [kind, parameters] of Object.entries(PICTURES)) {
      if (kind === "reconstructions" && !count) continue;
      const address = hvae.pictures.address(atlas, name, kind, parameters(seed, images));
      hvae.pictures.ask(`parent-${kind}`, address, since);
    }
  }

  /* Few images, one request at a time, the latest place next. */
  async function askRough() {
    if (rough) return;
    while (dragging && rough !== shown) {
      const asked = (rough = shown);
      const isWanted = () => dragging && asked === shown;
      try {
        const estimates = await hvae.folds.estimate(hvae.screen.current.atlas, asked, ROUGH_IMAGES, isWanted);
        const isLate = hvae.screen.points[asked]?.estimated; // the numbers have come before it
        if (!isLate && (dragging || asked === shown)) tell(estimates);
      } catch {
        break; // the pictures say why
      }
    }
    rough = null;
  }

  /* The numbers, and where they are in the rate plane. */
  function tell(known) {
    told = known;
    const count = known.images ? `Estimated on ${known.images} test images.` : "";
    find("parent-note").textContent = count;
    hvae.dom.tellStats(document.querySelector(".parent-stats"), { numbers: known, stats: known.stats });
    hvae.ratePlane.diamond(known.rate_z2, known.rate_z1, find("parent-swatch").style.backgroundColor);
  }

  /* Make the fold on screen the selected point. */
  function select(since) {
    if (shown && hvae.screen.current.point !== shown) hvae.screen.set({ point: shown }, since);
  }

  document.addEventListener("hvae:known", ({ detail }) => {
    if (here() && detail.point === shown) tell(hvae.screen.points[shown]);
  });

  hvae.pictures.sayWhyMissing(
    (slot) => slot.startsWith("parent-") && find("parent-message"),
    (place, message) => (place.textContent = message),
  );

  /* ------------------------------------------------------------------------------------------- the β plane */

  /* log β to a share of the plane's side, and back. */
  function share(beta) {
    const [low, high] = hvae.folds.setting.range;
    return Math.log(beta / low) / Math.log(high / low);
  }

  function betaAt(part) {
    const [low, high] = hvae.folds.setting.range;
    return low * (high / low) ** Math.min(1, Math.max(0, part));
  }

  function place(beta2, beta1) {
    const handle = document.querySelector("#beta-plane .beta-handle");
    handle.style.left = `${100 * share(beta2)}%`;
    handle.style.top = `${100 * (1 - share(beta1))}%`;
  }

  function drawBetaPlane() {
    const plane = find("beta-plane");
    const canvas = document.createElement("canvas");
    canvas.width = canvas.height = CELLS;
    const context = canvas.getContext("2d");
    const image = context.createImageData(CELLS, CELLS);
    for (let row = 0; row < CELLS; row++) {
      for (let column = 0; column < CELLS; column++) {
        const colour = hvae.folds.colour(betaAt((column + 0.5) / CELLS), betaAt(1 - (row + 0.5) / CELLS));
        image.data.set([...colour, 255], 4 * (row * CELLS + column));
      }
    }
    context.putImageData(image, 0, 0);
    const handle = document.createElement("span");
    handle.className = "beta-handle";
    plane.replaceChildren(canvas, ...hvae.folds.setting.dots.map(mark), handle);
    drawTicks();
  }

  function mark(dot) {
    const made = document.createElement("i");
    made.className = "beta-dot";
    made.dataset.point = dot.point;
    made.style.left = `${100 * share(dot.beta_2)}%`;
    made.style.top = `${100 * (1 - share(dot.beta_1))}%`;
    return made;
  }

  /* Labels at 1 and about 3 of each decade. */
  function drawTicks() {
    const [low, high] = hvae.folds.setting.range;
    const ticks = [];
    for (let k = Math.floor(Math.log10(low)); k <= Math.ceil(Math.log10(high)); k++) {
      for (const beta of [10 ** k, 10 ** (k + 0.5)]) {
        if (beta >= low * 0.99 && beta <= high * 1.01) ticks.push(beta);
      }
    }
    for (const [id, side, name] of [
      ["beta-ticks-across", "left", "β₂"],
      ["beta-ticks-up", "bottom", "β₁"],
    ]) {
      const labels = ticks.map((beta) => {
        const label = document.createElement("span");
        label.textContent = hvae.folds.short(beta, 2);
        label.style[side] = `${100 * share(beta)}%`;
        return label;
      });
      const title = document.createElement("b");
      title.textContent = name;
      find(id).replaceChildren(...labels, title);
    }
  }

  function follow(event) {
    const box = find("beta-plane").getBoundingClientRect();
    const across = (event.clientX - box.left) / box.width;
    const up = 1 - (event.clientY - box.top) / box.height;
    show(betaAt(across), betaAt(up), event.timeStamp);
  }

  document.addEventListener("pointerdown", (event) => {
    const plane = event.target.closest("#beta-plane");
    if (!plane || !event.isPrimary || event.button !== 0) return;
    dragging = true;
    plane.setPointerCapture(event.pointerId);
    follow(event);
  });

  document.addEventListener("pointermove", (event) => {
    if (dragging && event.isPrimary) follow(event);
  });

  for (const end of ["pointerup", "pointercancel"]) {
    document.addEventListener(end, (event) => {
      if (!dragging || !event.isPrimary) return;
      dragging = false;
      select(event.timeStamp);
    });
  }

  document.addEventListener("keydown", (event) => {
    const steps = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowDown: [0, -1], ArrowUp: [0, 1] };
    const step = steps[event.key];
    if (!step || event.target.id !== "beta-plane" || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    const [beta2, beta1] = hvae.folds.betas(shown);
    const far = event.shiftKey ? 4 : 1;
    show(betaAt(share(beta2) + far * step[0] * STEP), betaAt(share(beta1) + far * step[1] * STEP), event.timeStamp);
    select(event.timeStamp);
  });

  /* ----------------------------------------------------------------------------------------- the rate plane */

  document.addEventListener("click", (event) => {
    if (!event.target.closest("#parent-rates")) return;
    const dot = hvae.ratePlane.dotAt(event.clientX, event.clientY, REACH);
    const betas = dot ? null : hvae.ratePlane.betasAt(event.clientX, event.clientY);
    if (dot) hvae.screen.set({ point: dot.point }, event.timeStamp);
    if (!betas) return;
    show(...betas, event.timeStamp);
    select(event.timeStamp);
  });

  /* --------------------------------------------------------------------------------------------- what is on */

  hvae.screen.subscribe((screen, former, since) => {
    if (screen.view !== "parent" || !find("parent-view")) return;
    const isFirst = !document.querySelector("#beta-plane .beta-handle");
    if (isFirst) drawBetaPlane();
    hvae.ratePlane.draw(hvae.folds.setting.dots, screen);
    const point = hvae.screen.points[screen.point];
    const betas = point ? [point.beta_2, point.beta_1] : [1, 1];
    const [low, high] = hvae.folds.setting.range;
    if (former && former.seed !== screen.seed) shown = null; // other noise
    if (former && former.units !== screen.units && told) tell(told);
    show(...betas.map((beta) => Math.min(high, Math.max(low, beta))), since);
    if (!hvae.screen.points[shown]?.estimated) askAll(shown);
    for (const mark of document.querySelectorAll(".beta-dot")) {
      mark.classList.toggle("is-selected", mark.dataset.point === screen.point);
    }
  });

  /* The numbers of the fold at a dot, which is not itself selected. */
  async function askAll(name) {
    if (hvae.folds.betas(hvae.screen.current.point)) return; // asked already, see 12-folds.js
    try {
      const estimates = await hvae.folds.estimate(hvae.screen.current.atlas, name);
      if (name === shown && here()) tell(estimates);
    } catch {
      // the pictures say why
    }
  }

  /* Dash calls this when a point of the user's own has joined the atlas. Other views' figures are drawn again when
   * they are shown. */
  window.dash_clientside.hvae.parentGrown = function (grown) {
    if (grown) {
      Object.assign(hvae.screen.points, grown.points);
      hvae.folds.setting.dots = grown.dots;
      drawBetaPlane();
      // Who still looks at the fold that was trained looks at the dot now.
      const trained = grown.points[grown.point];
      const isHere = trained && shown === hvae.folds.name(trained.beta_2, trained.beta_1);
      hvae.screen.set(isHere ? { point: grown.point } : {});
    }
    return window.dash_clientside.no_update;
  };
})();
