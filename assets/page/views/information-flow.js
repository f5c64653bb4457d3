/* The diagram of both layers: Fig. 1 of the source with the selected model's rates, or with those of one image.
 * Inference q is on the left, generation p on the right.
 *
 * Two flows: the information in z₂ (R(z₂)), and what z₁ adds (R(z₁|z₂)). If p(x|z₁) depends on z₁ alone, both reach
 * the picture through z₁; p(x|z₁, z₂) has a direct path for z₂. Edges are as thick as their rates, with one scale for
 * the whole atlas. The model view's is filled in here, that of the visitor's image by your-image/flow.js.
 */
import { svg } from "../core/dom.js";
import { rateOnScreen } from "../core/point-numbers.js";
import { screen } from "../core/screen.js";

const THICKEST = 26;
const MOST = 1.25 * THICKEST; // one image may need more nats than the mean of any model
const THINNEST = 1;
const Q = 112;
const P = 236;
const ROW = { z2: 74, z1: 204, x: 334 };
const RADIUS = 24;
const PICTURE = 56; // side of a picture in the place of x
const AROUND = Q - 46; // where the flow into z₂ passes z₁
const BESIDE = P + 46; // where the flow out of z₂ passes z₁, if it has a path of its own
const UPPER = (ROW.z2 + ROW.z1) / 2;
const LOWER = (ROW.z1 + ROW.x) / 2;

function node(x, y, name, index, kind) {
  const shape =
    kind === "d"
      ? svg("rect", { x: x - 17, y: y - 17, width: 34, height: 34, rx: 5 })
      : svg("circle", { cx: x, cy: y, r: RADIUS });
  const letter = svg("text", { x, y: y + 6 }, [name]);
  if (index) letter.append(svg("tspan", { dy: 4, class: "node-index" }, [index]));
  return svg("g", { class: `node node-${kind}` }, [shape, letter]);
}

/* x as a picture, which your-image/flow.js fills in; x̂ with a hat of its own, which not every font can set. */
function pictureNode(x, hasHat) {
  const box = { x: x - PICTURE / 2, y: ROW.x - PICTURE / 2, width: PICTURE, height: PICTURE };
  const letter = svg("text", { x: box.x - 12, y: ROW.x + 6 }, ["x"]);
  const hat = svg("path", { class: "hat", d: `M${box.x - 15} ${ROW.x - 6}l4 -4l4 4` });
  return svg("g", { class: "node node-x" }, [svg("rect", box), svg("image", box), letter, ...(hasHat ? [hat] : [])]);
}

function edge(path, latent, name) {
  return svg("path", { d: path, class: `edge edge-${latent}`, "data-latent": latent, "data-edge": name });
}

/* Twice, the wider one in the background's colour: it is visible on a thick and on a thin flow. */
function arrow(x, y, down) {
  const tip = down ? 4 : -4;
  const d = `M${x - 6} ${y - tip}L${x} ${y + tip}L${x + 6} ${y - tip}`;
  return svg("g", { class: "arrow" }, [svg("path", { d }), svg("path", { d })]);
}

function number(x, y, rate, anchor) {
  const lines = [svg("tspan", { x, class: "flow-value" }), svg("tspan", { x, dy: 15, class: "flow-unit" })];
  return svg("text", { x, y, class: `flow-number flow-number-${rate}`, "text-anchor": anchor, "data-rate": rate }, lines);
}

/* p: both flows run side by side from z₁ to x. */
function throughZ1() {
  return [
    edge(`M${P} ${ROW.z2}L${P} ${ROW.z1}`, "z2", "p-z2"),
    edge(`M${P} ${ROW.z1}L${P} ${ROW.x}`, "z2", "p-x-z2"),
    edge(`M${P} ${ROW.z1}L${P} ${ROW.x}`, "z1", "p-x-z1"),
    arrow(P, UPPER, true),
    arrow(P, LOWER, true),
    number(P + 26, UPPER - 2, "z2", "start"),
    number(P + 34, LOWER - 2, "total", "start"),
  ];
}

/* p: z₂ draws the picture by a path of its own, and only conditions z₁. */
function besideZ1() {
  return [
    edge(`M${P + 8} ${ROW.z2}C${P + 12} ${ROW.z2 + 66} ${BESIDE} ${ROW.z1 - 70} ${BESIDE} ${ROW.z1}S${P + 12} ${ROW.x - 66} ${P + 8} ${ROW.x}`, "z2", "p-x-z2"),
    edge(`M${P - 6} ${ROW.z1}L${P - 6} ${ROW.x}`, "z1", "p-x-z1"),
    svg("path", { d: `M${P - 6} ${ROW.z2 + 22}L${P - 6} ${ROW.z1 - 24}`, class: "condition" }),
    arrow(BESIDE, ROW.z1, true),
    arrow(P - 6, UPPER, true),
    arrow(P - 6, LOWER, true),
    number(P + 34, ROW.x + 1, "total", "start"),
  ];
}

function isDirect(place) {
  return place.dataset.direct === "true";
}

/* Draw it without rates. hasPictures: whether there are pictures in the place of x. */
export function drawFlow(place, hasPictures = false) {
  const ladder = place.dataset.ladder === "true";
  const fork = ROW.x - 66;
  const parts = [
    svg("text", { x: Q, y: 22, class: "flow-title" }, ["Inference q"]),
    svg("text", { x: P, y: 22, class: "flow-title" }, ["Generation p"]),
    // q: the flow into z₂ passes z₁ by.
    edge(`M${Q - 12} ${ROW.x}C${Q - 12} ${fork} ${AROUND} ${ROW.z1 + 70} ${AROUND} ${ROW.z1}S${Q - 12} ${ROW.z2 + 66} ${Q - 8} ${ROW.z2}`, "z2", "q-z2"),
    edge(`M${Q + 10} ${ROW.x}L${Q + 10} ${ROW.z1}`, "z1", "q-z1"),
    svg("path", { d: `M${Q + 10} ${ROW.z2 + 22}L${Q + 10} ${ROW.z1 - 24}`, class: "condition" }),
    ...(isDirect(place) ? besideZ1() : throughZ1()),
    arrow(AROUND, ROW.z1, false),
    arrow(Q + 10, UPPER, true),
    arrow(Q + 10, LOWER - 6, false),
    number(AROUND - 20, ROW.z1 - 2, "z2", "end"),
    number(Q + 30, LOWER - 2, "z1", "start"),
    ...["q", "p"].flatMap((side) => {
      const x = side === "q" ? Q : P;
      const last = hasPictures ? pictureNode(x, side === "p") : node(x, ROW.x, "x", "", "x");
      return [node(x, ROW.z2, "z", "2", "z2"), node(x, ROW.z1, "z", "1", "z1"), last];
    }),
  ];
  if (ladder) parts.push(node(Q, fork + 12, "d", "1", "d"));
  place.replaceChildren(svg("svg", { viewBox: "0 0 316 372", "aria-hidden": "true" }, parts));
}

/* Show rates, and their errors if these are known. Returns the rates in words. */
export function showFlow(place, numbers, errors = {}) {
  // An unknown rate is null, and null + 15 would be 15.
  const rates = { z2: numbers.rate_z2 ?? NaN, z1: numbers.rate_z1 ?? NaN };
  const most = Number(place.dataset.most);
  const width = (nats) => (Number.isFinite(nats) ? Math.min(MOST, Math.max(THINNEST, (THICKEST * nats) / most)) : 0);
  const widths = { z2: width(rates.z2), z1: width(rates.z1) };
  for (const path of place.querySelectorAll(".edge")) path.style.strokeWidth = `${widths[path.dataset.latent]}px`;
  if (!isDirect(place)) {
    // Side by side: together they are centred.
    place.querySelector("[data-edge=p-x-z2]").style.transform = `translateX(${-widths.z1 / 2}px)`;
    place.querySelector("[data-edge=p-x-z1]").style.transform = `translateX(${widths.z2 / 2}px)`;
  }
  const shown = { ...rates, total: rates.z2 + rates.z1 };
  // The error of the sum is at least the larger one of its parts' errors.
  const off = { z2: errors.rate_z2, z1: errors.rate_z1, total: Math.max(errors.rate_z2 ?? 0, errors.rate_z1 ?? 0) };
  const written = (name) => rateOnScreen(shown[name], off[name]);
  for (const text of place.querySelectorAll(".flow-number")) {
    const [value, unit = ""] = written(text.dataset.rate).split(" ");
    [text.children[0].textContent, text.children[1].textContent] = [value, unit];
  }
  return `R(z₂) is ${written("z2")}, R(z₁|z₂) is ${written("z1")}`;
}

export function start() {
  screen.subscribe(({ view, point }) => {
    const place = document.getElementById("flow");
    if (!place || view !== "model") return;
    if (!place.firstChild) drawFlow(place);
    const { numbers = {}, errors } = screen.points[point] || {};
    const words = showFlow(place, numbers, errors);
    place.setAttribute("aria-label", `Information flow through the two layers: ${words}`);
  });
}
