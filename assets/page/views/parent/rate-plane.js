/* The rate plane of the parent's view: dots, and a hollow square for the fold.
 *
 * An SVG as large as its place. The state chooses units (nats or bits) and axes (linear or logarithmic).
 */
import { svg } from "../../core/dom.js";
import { shortNumber } from "../../core/numbers.js";
import { screen } from "../../core/screen.js";
import { betasBetween } from "./rates-to-betas.js";

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
    return powers.map((value, i) => [value * unit(), `${i ? "" : "≤ "}${shortNumber(value, 2)}`]);
  }
  const rough = most / 5;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].find((factor) => factor * power >= rough) * power;
  const values = Array.from({ length: Math.floor(most / step) + 1 }, (_, i) => i * step);
  return values.map((value) => [value * unit(), shortNumber(value, 3)]);
}

/* A dot's title: its β, and which rates are below the axis. */
function title(dot) {
  const rates = { "R(z₂)": dot.rate_z2, "R(z₁|z₂)": dot.rate_z1 };
  const isLow = (name) => look.axes === "log" && rates[name] < FLOOR * unit();
  const low = Object.keys(rates).filter(isLow).join(" and ");
  return [screen.points[dot.point]?.title || "", ...(low ? [`${low} below ${FLOOR} ${look.units}`] : [])].join("; ");
}

function render() {
  measure();
  const { width, height, x, y } = axes();
  if (!width || !height) return;
  const floor = height - margin.bottom;
  place().replaceChildren(
    svg("svg", { width, height, "aria-hidden": "true" }, [
      ...ticks(x.highest).flatMap(([rate, text]) => [
        svg("line", { class: "grid", x1: x.at(rate), x2: x.at(rate), y1: margin.top, y2: floor }),
        svg("text", { class: "tick", x: x.at(rate), y: floor + 18 * times, "text-anchor": "middle" }, [text]),
      ]),
      ...ticks(y.highest).flatMap(([rate, text]) => [
        svg("line", { class: "grid", x1: margin.left, x2: width - margin.right, y1: y.at(rate), y2: y.at(rate) }),
        svg("text", { class: "tick", x: margin.left - 8 * times, y: y.at(rate) + 4 * times, "text-anchor": "end" }, [text]),
      ]),
      ...titles(width, height),
      ...dots.map((dot) => dotMark(dot, x.at(dot.rate_z2), y.at(dot.rate_z1))),
      ...chosenMark(x, y),
      svg("path", { class: "estimate", d: "M-7 -7 H7 V7 H-7 Z" }),
    ]),
  );
  moveDiamond();
}

/* Names of the axes. */
function titles(width, height) {
  const across = { x: (margin.left + width) / 2, y: height - 6 * times };
  const middle = (margin.top + height - margin.bottom) / 2;
  const up = { transform: `translate(${13 * times} ${middle}) rotate(-90)` };
  const axis = { class: "axis", "text-anchor": "middle" };
  return [
    svg("text", { ...axis, ...across }, [`R(z₂), ${look.units} per image`]),
    svg("text", { ...axis, ...up }, [`R(z₁|z₂), ${look.units} per image`]),
  ];
}

function dotMark(dot, cx, cy) {
  const attributes = { class: "dot", cx, cy, r: RADIUS * times, fill: dot.colour, "data-point": dot.point };
  return svg("circle", attributes, [svg("title", {}, [title(dot)])]);
}

/* A ring around the selected dot. */
function chosenMark(x, y) {
  const selected = dots.find((dot) => dot.point === screen.current.point);
  if (!selected) return [];
  const centre = { cx: x.at(selected.rate_z2), cy: y.at(selected.rate_z1) };
  return [svg("circle", { class: "chosen", ...centre, r: (RADIUS + 4) * times })];
}

function moveDiamond() {
  const estimate = place().querySelector(".estimate");
  if (!estimate) return;
  const isKnown = fold && Number.isFinite(fold.rate_z2) && Number.isFinite(fold.rate_z1);
  estimate.style.display = isKnown ? "" : "none";
  if (!isKnown) return;
  const { width, height, x, y } = axes();
  // A fold may lie beyond all dots.
  const across = Math.min(width - margin.right, x.at(fold.rate_z2));
  const down = Math.max(margin.top, Math.min(height - margin.bottom, y.at(fold.rate_z1)));
  estimate.setAttribute("transform", `translate(${across} ${down}) scale(${times})`);
}

function inPlace(clientX, clientY) {
  const box = place().getBoundingClientRect();
  return [clientX - box.left, clientY - box.top];
}

/* Draw the plane with these dots. */
export function drawRatePlane(theDots, state) {
  [dots, look] = [theDots, { units: state.units, axes: state.axes }];
  render();
}

/* Put the square at these rates, in nats. */
export function placeDiamond(rate_z2, rate_z1, colour) {
  fold = { rate_z2, rate_z1 };
  place().style.setProperty("--fold", colour);
  moveDiamond();
}

/* The dot within so many pixels of a place of the window; undefined where there is none. */
export function dotAt(clientX, clientY, reach) {
  const { x, y } = axes();
  const [px, py] = inPlace(clientX, clientY);
  const far = (dot) => Math.hypot(x.at(dot.rate_z2) - px, y.at(dot.rate_z1) - py);
  return dots.filter((dot) => far(dot) <= reach).sort((a, b) => far(a) - far(b))[0];
}

/* [β₂, β₁] whose fold has roughly the rates at a place of the window; null without dots. */
export function betasOfRatesAt(clientX, clientY) {
  const { x, y } = axes();
  const spots = dots.map((dot) => [x.at(dot.rate_z2), y.at(dot.rate_z1)]);
  return betasBetween(dots, spots, inPlace(clientX, clientY));
}

export function start() {
  if (place()) new ResizeObserver(() => dots.length && render()).observe(place());
}
