/* Linked figures: a click on a dot of any of them selects its model, the selected dot wears a ring in all of
 * them, and a dot under the pointer shows a card with its numbers and samples.
 *
 * A figure is the plot inside <div class="linked-figure">, its dots the traces that have `ids`, the points'
 * names; `customdata` holds the lines of a dot's card. The ring is an element of its own above the figure: to
 * have plotly move a trace took 16 to 50 ms.
 *
 * Tells `document`:  hvae:plotted   a figure has been drawn, for the first time or again
 */
(function () {
  "use strict";
  const hvae = (window.hvae = window.hvae || {});
  const RING_GAP = 3; // between a dot's edge and its ring, in pixels
  const REACH = 12; // how far from a dot's edge a click may land, in pixels
  const NEAR = 4; // how far from a dot's edge the pointer shows its card
  const STAY_MS = 50; // how long the pointer is on a dot before its pictures are asked for
  const STILL = 6; // a press that moves further is no click
  const SAMPLES = 8; // on a card

  const known = new WeakSet(); // plots that tell us when they are drawn

  function isDrawn(plot) {
    return Boolean(plot && plot._fullLayout && plot._fullLayout._size && plot.data);
  }

  /* The plots that can be seen. */
  function plots() {
    return [...document.querySelectorAll(".linked-figure .js-plotly-plot")].filter(
      (plot) => plot.offsetParent && isDrawn(plot),
    );
  }

  hvae.figures = { shown: plots };

  function plotOf(target) {
    const plot = target instanceof Element ? target.closest(".linked-figure .js-plotly-plot") : null;
    return isDrawn(plot) ? plot : null;
  }

  /* All dots of a plot: {point, x, y, radius, lines}; x, y in pixels from the figure's upper left corner. */
  function dotsOf(plot) {
    const { _size: margin, xaxis, yaxis } = plot._fullLayout;
    return plot.data
      .filter((trace) => trace.ids)
      .flatMap((trace) =>
        trace.ids.map((point, i) => ({
          point,
          x: margin.l + xaxis.d2p(trace.x[i]),
          y: margin.t + yaxis.d2p(trace.y[i]),
          radius: trace.marker.size[i] / 2,
          lines: trace.customdata ? trace.customdata[i] : [],
        })),
      );
  }

  /* The dots at a place of the window, the best match first: those under it by how near their centre is, else
   * the one whose edge is nearest, if that is within `reach`. */
  function dotsAt(plot, clientX, clientY, reach) {
    const box = plot.getBoundingClientRect();
    const near = dotsOf(plot)
      .map((dot) => ({ ...dot, distance: Math.hypot(box.left + dot.x - clientX, box.top + dot.y - clientY) }))
      .filter((dot) => dot.distance - dot.radius < reach);
    const under = near.filter((dot) => dot.distance <= dot.radius + 1);
    if (under.length) return under.sort((a, b) => a.distance - b.distance);
    return near.sort((a, b) => a.distance - a.radius - (b.distance - b.radius)).slice(0, 1);
  }

  /* ---- Selecting ---------------------------------------------------------------------------------------- */

  let last = null; // the last click that found a dot

  /* The dot that a click would select; none where there is none. A second click at the same place goes on to the
   * next dot there. */
  function wouldChoose(plot, event) {
    const found = dotsAt(plot, event.clientX, event.clientY, REACH);
    if (!found.length) return null;
    const again =
      last &&
      last.plot === plot &&
      last.point === hvae.screen.current.point &&
      Math.hypot(event.clientX - last.x, event.clientY - last.y) <= STILL;
    const at = again ? found.findIndex((dot) => dot.point === last.point) : -1;
    return found[(at + 1) % found.length].point;
  }

  function choose(plot, event) {
    const point = wouldChoose(plot, event);
    if (!point) return;
    last = { plot, point, x: event.clientX, y: event.clientY };
    hvae.screen.set({ point }, event.timeStamp);
  }

  /* Presses and releases are read here: plotly_click names the dot last hovered, and hovering lags behind, so
   * that of clicks in quick succession some selected the dot before. */
  let pressed = null;
  const early = { capture: true };
  document.addEventListener(
    "pointerdown",
    (event) => {
      const plot = event.isPrimary && event.button === 0 ? plotOf(event.target) : null;
      pressed = plot ? event : null;
      if (plot) askAhead(plot, event);
    },
    early,
  );
  document.addEventListener("pointercancel", () => (pressed = null), early);
  document.addEventListener(
    "pointerup",
    (event) => {
      const began = pressed;
      pressed = null;
      forgetIntent();
      if (!began || Math.hypot(event.clientX - began.clientX, event.clientY - began.clientY) > STILL) return;
      const plot = plotOf(began.target);
      if (plot && hvae.screen.current) choose(plot, event);
    },
    early,
  );

  /* A pointer that stays on a dot for a moment, or is pressed there, is about to select it. */
  let intents = 0; // counts what a pointer was about to do
  let staying = 0;

  function askAhead(plot, event) {
    const mine = (intents += 1);
    const point = hvae.screen.current && wouldChoose(plot, event);
    if (point) hvae.model.askAhead(point, () => mine === intents);
  }

  function expectStay(plot, event) {
    forgetIntent();
    staying = setTimeout(() => askAhead(plot, event), STAY_MS);
  }

  function forgetIntent() {
    clearTimeout(staying);
    intents += 1;
  }

  /* ---- The ring ----------------------------------------------------------------------------------------- */

  function ring(plot) {
    const element = plot.closest(".linked-figure").querySelector(".ring");
    if (!element || !hvae.screen.current) return;
    const { point } = hvae.screen.current;
    const dot = dotsOf(plot).find((one) => one.point === point);
    element.dataset.point = dot ? point : "";
    if (!dot) return;
    element.style.width = element.style.height = `${2 * (dot.radius + RING_GAP)}px`;
    element.style.transform = `translate(${dot.x}px, ${dot.y}px) translate(-50%, -50%)`;
  }

  hvae.screen.subscribe((screen, former) => {
    if (!former || former.point !== screen.point) plots().forEach(ring);
  });

  /* ---- Type for a hall ---------------------------------------------------------------------------------- */

  const TYPE = 13; // what figures are drawn with, in pixels, as app/page/figures/canvas.py has it

  /* As large as the page's own type: assets/lecture.css sets --scale and --smallest, and --dots for the dots. */
  function fit(plot) {
    const page = getComputedStyle(document.documentElement);
    const sizes = ["--scale", "--smallest", "--dots"];
    const [scale, smallest, dots] = sizes.map((name) => parseFloat(page.getPropertyValue(name)) || 0);
    fitDots(plot, dots || 1);
    const size = Math.max(TYPE * (scale || 1), smallest);
    const { font, margin } = plot.layout;
    const larger = size / font.size;
    if (Math.abs(larger - 1) < 0.01) return;
    const change = { "font.size": size, "xaxis.title.font.size": size, "yaxis.title.font.size": size };
    for (const side of "lrtb") change[`margin.${side}`] = margin[side] * larger;
    window.Plotly.relayout(plot, change);
  }

  const drawnWith = new WeakMap(); // a trace's marker → its size, or sizes, before they were multiplied

  function fitDots(plot, times) {
    const changed = [];
    const sizes = [];
    plot.data.forEach(({ marker }, index) => {
      if (!marker?.size) return;
      if (!drawnWith.has(marker)) drawnWith.set(marker, marker.size);
      const first = drawnWith.get(marker);
      const wanted = Array.isArray(first) ? first.map((size) => size * times) : first * times;
      if (String(wanted) === String(marker.size)) return;
      changed.push(index);
      sizes.push(wanted);
    });
    if (changed.length) window.Plotly.restyle(plot, { "marker.size": sizes }, changed);
  }

  hvae.screen.subscribe((screen, former) => {
    // Once the page has changed its own type.
    if (former && former.lecture !== screen.lecture) requestAnimationFrame(() => plots().forEach(fit));
  });

  /* dcc.Graph loads plotly when it first needs it, and Dash may put a new graph in a former one's place. */
  function drawn(plot) {
    if (!plot.offsetParent) return;
    ring(plot);
    fit(plot);
    document.dispatchEvent(new CustomEvent("hvae:plotted"));
  }

  let looking = 0;
  function look() {
    looking = 0;
    for (const plot of document.querySelectorAll(".linked-figure .js-plotly-plot")) {
      if (known.has(plot) || !plot.on || !isDrawn(plot)) continue;
      known.add(plot);
      plot.on("plotly_afterplot", () => drawn(plot));
      drawn(plot);
    }
    // Plotly makes its elements first and is drawn a little later.
    const waiting = [...document.querySelectorAll(".linked-figure .js-plotly-plot")].some((plot) => !known.has(plot));
    if (waiting) looking = requestAnimationFrame(look);
  }
  new MutationObserver(() => {
    if (!looking) looking = requestAnimationFrame(look);
  }).observe(document.documentElement, { childList: true, subtree: true });

  /* ---- The card ----------------------------------------------------------------------------------------- */

  let card = null;
  let hovered = null; // {plot, dot} whose card is shown

  function makeCard() {
    card = document.createElement("div");
    card.className = "dot-card";
    card.hidden = true;
    card.innerHTML = '<b></b><dl></dl><img id="hover-picture" alt="" class="picture"><p class="picture-note"></p><p class="more"></p>';
    document.body.append(card);
  }

  function hideCard() {
    hovered = null;
    forgetIntent();
    if (card) card.hidden = true;
    for (const plot of document.querySelectorAll(".over-dot")) plot.classList.remove("over-dot");
  }

  function showCard(plot, dots, event) {
    const [dot] = dots;
    if (!card) makeCard();
    plot.classList.add("over-dot");
    if (hovered?.dot.point !== dot.point) {
      fillCard(dot, dots.length, event.timeStamp);
      expectStay(plot, event);
    }
    hovered = { plot, dot };
    card.hidden = false;
    place(plot, dot);
  }

  function fillCard(dot, count, since) {
    const point = hvae.screen.points[dot.point];
    card.querySelector("b").textContent = point ? point.title : dot.point;
    card.querySelector("dl").replaceChildren(
      ...dot.lines.map(([name, number]) => {
        const row = document.createElement("div");
        row.append(
          Object.assign(document.createElement("dt"), { textContent: name }),
          Object.assign(document.createElement("dd"), { textContent: number }),
        );
        return row;
      }),
    );
    card.querySelector(".more").textContent = count > 1 ? `${count} models here: click again for the next` : "";
    const { atlas, seed } = hvae.screen.current;
    const url = hvae.pictures.address(atlas, dot.point, "samples", `n=${SAMPLES}&seed=${seed}`);
    const image = card.querySelector("img");
    // Not another model's samples, or what is wrong with it, under this one's name.
    if (image.dataset.pictureUrl !== url) {
      image.dataset.state = "asked";
      card.querySelector(".picture-note").textContent = "";
    }
    hvae.pictures.ask("hover", url, since);
  }

  hvae.pictures.sayWhyMissing(
    (slot) => slot === "hover" && card,
    (_, message) => {
      card.querySelector(".picture-note").textContent = message;
      if (hovered) place(hovered.plot, hovered.dot);
    },
  );

  /* Beside the dot, inside the window, and not over the dot. */
  function place(plot, dot) {
    const box = plot.getBoundingClientRect();
    const { offsetWidth: width, offsetHeight: height } = card;
    const gap = dot.radius + 14;
    const [x, y] = [box.left + dot.x, box.top + dot.y];
    const right = x + gap + width <= document.documentElement.clientWidth - 8;
    const left = right ? x + gap : Math.max(8, x - gap - width);
    const top = Math.min(Math.max(8, y - height / 2), window.innerHeight - height - 8);
    card.style.transform = `translate(${Math.round(left)}px, ${Math.round(top)}px)`;
  }

  document.addEventListener("pointermove", (event) => {
    if (event.pointerType === "touch" || !hvae.screen.current) return;
    const plot = event.buttons ? null : plotOf(event.target);
    const dots = plot ? dotsAt(plot, event.clientX, event.clientY, NEAR) : [];
    if (dots.length) showCard(plot, dots, event);
    else if (hovered !== null) hideCard();
  });
  document.addEventListener("pointerleave", hideCard);
  document.addEventListener("scroll", () => hovered !== null && hideCard(), { capture: true, passive: true });
  document.addEventListener("keydown", () => hovered !== null && hideCard());
})();
