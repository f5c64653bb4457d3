/* The rate plane of the parent's view: dots, a hollow diamond for the fold, and the way back from rates to β.
 *
 * An SVG that follows its place's size. Rates are shown as the state says: nats or bits, linear or logarithmic.
 */
(function () {
  "use strict";
  const hvae = (window.hvae = window.hvae || {});
  const SVG = "http://www.w3.org/2000/svg";
  // In pixels, on a screen that is not large; assets/lecture.css sets --dots.
  const EDGES = { left: 52, right: 14, top: 12, bottom: 46 };
  const FLOOR = 0.01; // in the unit shown, where a logarithmic axis begins; lower rates are drawn there
  const RADIUS = 4.5;
  let times = 1;
  let margin = EDGES;
  let dots = [];
  let look = { units: "nats", axes: "linear" };
  let fold = null;

  const place = () => document.getElementById("parent-rates");

  function make(tag, attributes, text) {
    const made = document.createElementNS(SVG, tag);
    for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
    if (text !== undefined) made.textContent = text;
    return made;
  }

  /* The unit shown, in nats. */
  function unit() {
    return look.units === "bits" ? Math.LN2 : 1;
  }

  /* From nats to pixels, along an axis from `start` to `end`. */
  function scale(rates, start, end) {
    const floor = FLOOR * unit();
    const highest = Math.max(...rates, 10 * floor);
    if (look.axes === "log") {
      const [low, high] = [Math.log(floor), Math.log(1.3 * highest)];
      const at = (rate) => start + ((Math.log(Math.max(rate, floor)) - low) / (high - low)) * (end - start);
      return { at, highest: 1.3 * highest };
    }
    const high = 1.06 * highest;
    return { at: (rate) => start + (0.03 + (0.97 * rate) / high) * (end - start), highest: high };
  }

  function measure() {
    times = parseFloat(getComputedStyle(document.documentElement).getPropertyValue("--dots")) || 1;
    margin = Object.fromEntries(Object.entries(EDGES).map(([side, width]) => [side, width * times]));
  }

  function axes() {
    const { clientWidth: width, clientHeight: height } = place();
    return {
      width,
      height,
      x: scale(dots.map((dot) => dot.rate_z2), margin.left, width - margin.right),
      y: scale(dots.map((dot) => dot.rate_z1), height - margin.bottom, margin.top),
    };
  }

  /* Round numbers of the unit shown. */
  function ticks(highest) {
    const most = highest / unit();
    if (look.axes === "log") {
      const powers = [];
      for (let k = Math.log10(FLOOR); 10 ** k <= most; k++) powers.push(10 ** k);
      return powers.map((value, i) => [value * unit(), `${i ? "" : "≤ "}${hvae.folds.short(value, 2)}`]);
    }
    const rough = most / 5;
    const power = 10 ** Math.floor(Math.log10(rough));
    const step = [1, 2, 5, 10].find((factor) => factor * power >= rough) * power;
    const values = Array.from({ length: Math.floor(most / step) + 1 }, (_, i) => i * step);
    return values.map((value) => [value * unit(), hvae.folds.short(value, 3)]);
  }

  /* What a dot is, and which of its rates are too low for where it is drawn. */
  function title(dot) {
    const rates = { "R(z₂)": dot.rate_z2, "R(z₁|z₂)": dot.rate_z1 };
    const isLow = (name) => look.axes === "log" && rates[name] < FLOOR * unit();
    const low = Object.keys(rates).filter(isLow).join(" and ");
    return [hvae.screen.points[dot.point]?.title || "", ...(low ? [`${low} below ${FLOOR} ${look.units}`] : [])].join("; ");
  }

  function render() {
    measure();
    const { width, height, x, y } = axes();
    if (!width || !height) return;
    const svg = make("svg", { width, height, "aria-hidden": "true" });
    const floor = height - margin.bottom;
    for (const [rate, text] of ticks(x.highest)) {
      svg.append(make("line", { class: "grid", x1: x.at(rate), x2: x.at(rate), y1: margin.top, y2: floor }));
      svg.append(make("text", { class: "tick", x: x.at(rate), y: floor + 18 * times, "text-anchor": "middle" }, text));
    }
    for (const [rate, text] of ticks(y.highest)) {
      const right = width - margin.right;
      svg.append(make("line", { class: "grid", x1: margin.left, x2: right, y1: y.at(rate), y2: y.at(rate) }));
      svg.append(make("text", { class: "tick", x: margin.left - 8 * times, y: y.at(rate) + 4 * times, "text-anchor": "end" }, text));
    }
    const middle = (margin.top + floor) / 2;
    const axis = { class: "axis", "text-anchor": "middle" };
    svg.append(make("text", { ...axis, x: (margin.left + width) / 2, y: height - 6 * times }, `R(z₂), ${look.units} per image`));
    svg.append(
      make("text", { ...axis, transform: `translate(${13 * times} ${middle}) rotate(-90)` }, `R(z₁|z₂), ${look.units} per image`),
    );
    for (const dot of dots) {
      const [cx, cy] = [x.at(dot.rate_z2), y.at(dot.rate_z1)];
      const circle = make("circle", { class: "dot", cx, cy, r: RADIUS * times, fill: dot.colour, "data-point": dot.point });
      circle.append(make("title", {}, title(dot)));
      svg.append(circle);
    }
    const { point } = hvae.screen.current;
    const selected = dots.find((dot) => dot.point === point);
    if (selected) {
      const centre = { cx: x.at(selected.rate_z2), cy: y.at(selected.rate_z1) };
      svg.append(make("circle", { class: "chosen", ...centre, r: (RADIUS + 4) * times }));
    }
    svg.append(make("path", { class: "diamond", d: "M0 -9 L9 0 L0 9 L-9 0 Z" }));
    place().replaceChildren(svg);
    moveDiamond();
  }

  function moveDiamond() {
    const diamond = place().querySelector(".diamond");
    if (!diamond) return;
    const isKnown = fold && Number.isFinite(fold.rate_z2) && Number.isFinite(fold.rate_z1);
    diamond.style.display = isKnown ? "" : "none";
    if (!isKnown) return;
    const { width, height, x, y } = axes();
    // A fold may lie beyond all dots.
    const across = Math.min(width - margin.right, x.at(fold.rate_z2));
    const down = Math.max(margin.top, Math.min(height - margin.bottom, y.at(fold.rate_z1)));
    diamond.setAttribute("transform", `translate(${across} ${down}) scale(${times})`);
  }

  /* ------------------------------------------------------------------------------------- from rates to β */

  /* Neighbours on the grid: corners of triangles, and ends of edges, as indices into dots. */
  function mesh() {
    const values = (column) => [...new Set(dots.map((dot) => dot[column]))].sort((a, b) => a - b);
    const [across, up] = [values("beta_2"), values("beta_1")];
    const at = new Map(dots.map((dot, i) => [`${dot.beta_2} ${dot.beta_1}`, i]));
    const index = (i, j) => at.get(`${across[i]} ${up[j]}`);
    const [triangles, edges] = [[], []];
    for (let i = 0; i < across.length; i++) {
      for (let j = 0; j < up.length; j++) {
        const [a, b, c, d] = [index(i, j), index(i + 1, j), index(i, j + 1), index(i + 1, j + 1)];
        triangles.push([a, b, c], [b, d, c]);
        edges.push([a, b], [a, c]);
      }
    }
    const isWhole = (corners) => corners.every((corner) => corner !== undefined);
    return { triangles: triangles.filter(isWhole), edges: edges.filter(isWhole) };
  }

  /* Weights of the corners at a place within a triangle; null outside of it, or where it has no area. */
  function within([a, b, c], [px, py]) {
    const area = (b[0] - a[0]) * (c[1] - a[1]) - (c[0] - a[0]) * (b[1] - a[1]);
    if (Math.abs(area) < 1e-9) return null;
    const second = ((px - a[0]) * (c[1] - a[1]) - (c[0] - a[0]) * (py - a[1])) / area;
    const third = ((b[0] - a[0]) * (py - a[1]) - (px - a[0]) * (b[1] - a[1])) / area;
    const weights = [1 - second - third, second, third];
    return weights.every((weight) => weight >= 0) ? weights : null;
  }

  /* The nearest place of an edge: how far it is, and the weights of its ends. */
  function along([a, b], [px, py]) {
    const [dx, dy] = [b[0] - a[0], b[1] - a[1]];
    const length = dx * dx + dy * dy;
    const part = length ? Math.min(1, Math.max(0, ((px - a[0]) * dx + (py - a[1]) * dy) / length)) : 0;
    return { distance: Math.hypot(a[0] + part * dx - px, a[1] + part * dy - py), weights: [1 - part, part] };
  }

  /* [β₂, β₁] that lead about to a place of the plane: log β interpolated linearly between neighbours of the grid,
   * in the plane as it is shown; beyond all of them, at the nearest place between two. null without dots. */
  function betasOf(place) {
    if (!dots.length) return null;
    const { x, y } = axes();
    const spots = dots.map((dot) => [x.at(dot.rate_z2), y.at(dot.rate_z1)]);
    const { triangles, edges } = mesh();
    const mixed = (corners, weights) =>
      ["beta_2", "beta_1"].map((column) =>
        Math.exp(corners.reduce((sum, corner, i) => sum + weights[i] * Math.log(dots[corner][column]), 0)),
      );
    for (const corners of triangles) {
      const weights = within(corners.map((corner) => spots[corner]), place);
      if (weights) return mixed(corners, weights);
    }
    const pairs = edges.length ? edges : dots.map((_, i) => [i, i]);
    let nearest = null;
    for (const ends of pairs) {
      const found = along(ends.map((end) => spots[end]), place);
      if (!nearest || found.distance < nearest.distance) nearest = { ...found, ends };
    }
    return mixed(nearest.ends, nearest.weights);
  }

  function inPlace(clientX, clientY) {
    const box = place().getBoundingClientRect();
    return [clientX - box.left, clientY - box.top];
  }

  hvae.ratePlane = {
    /* Draw the plane of these dots, as the state has it. */
    draw(theDots, screen) {
      [dots, look] = [theDots, { units: screen.units, axes: screen.axes }];
      render();
    },

    /* Put the diamond at these rates, in nats. */
    diamond(rate_z2, rate_z1, colour) {
      fold = { rate_z2, rate_z1 };
      place().style.setProperty("--fold", colour);
      moveDiamond();
    },

    /* The dot within so many pixels of a place of the window; undefined where there is none. */
    dotAt(clientX, clientY, reach) {
      const { x, y } = axes();
      const [px, py] = inPlace(clientX, clientY);
      const far = (dot) => Math.hypot(x.at(dot.rate_z2) - px, y.at(dot.rate_z1) - py);
      return dots.filter((dot) => far(dot) <= reach).sort((a, b) => far(a) - far(b))[0];
    },

    betasAt(clientX, clientY) {
      return betasOf(inPlace(clientX, clientY));
    },
  };

  const resized = new ResizeObserver(() => dots.length && render());
  hvae.screen.subscribe((_, former) => !former && place() && resized.observe(place()));
})();
