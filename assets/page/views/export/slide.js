/* A figure as a slide: what the page says around it stands in it. Its title, the colour key, the signs, and the source. */
import { screen } from "../../core/screen.js";

const SIZE = { width: 960, height: 540 };
const MARGIN = { l: 76, r: 264, t: 100, b: 88 };
const LINE = 118; // letters of a note in a line; it has two
const TYPE = 15;
const BELOW = -82; // of the source, in pixels from the axis
const GROWTH = [1, 1.8]; // of dots and lines, from the page to the slide
const PAGE_INK = "#16181d"; // of lines that have the page's text colour, see app/page/figures/marks.py
const LIGHT = { paper: "#ffffff", ink: PAGE_INK, faint: "#5b626c" };
const DARK = { paper: "#141517", ink: "#e9ecef", faint: "#a3a9b1" };
const SOURCE = "HVAE Explorer · after Xiao & Bamler, ICLR 2023";
const KEY = { side: 150, left: 44, top: 0 }; // the colour key, in pixels from the upper right corner of the axes

const text = (place, selector) => place?.querySelector(selector)?.innerText.trim() ?? "";

/* What a figure is called on the page: its goal and the metric of its menu, or its title. */
export function titleOf(plot) {
  const column = plot.closest(".figure-column");
  const metric = column?.querySelector(".figure-head input")?.value;
  const goal = text(column, ".goal-title");
  if (goal && metric && metric !== goal) return `${goal}: ${metric}`;
  return goal || text(column, ".figure-title") || metric || plot.closest("[data-figure]")?.dataset.figure || "figure";
}

/* A title as part of a file's name. */
function slug(title) {
  const plain = title.toLowerCase().replaceAll("₁", "1").replaceAll("₂", "2");
  return plain.replace(/[^a-z0-9]+/g, "-").replace(/^-|-$/g, "");
}

/* A trace without data, as the legend's entry of the signs that it stands for. */
function entry(plot, sign) {
  const { trace } = sign.dataset;
  const name = text(sign, "span:not(.mark)");
  const found = plot.data.find(({ name }) => (trace === "sizes" ? name === "points" : name?.startsWith(trace)));
  if (!found) return null;
  const first = (value) => (value?.length && typeof value !== "string" ? value[0] : value);
  const marker = { ...found.marker, size: Math.min(12, first(found.marker?.size) ?? 8), color: first(found.marker?.color) };
  if (trace === "sizes") marker.color = "#868e96";
  return { x: [null], y: [null], type: "scatter", name, mode: found.mode, line: found.line, marker };
}

function signs(plot) {
  const shown = [...document.querySelectorAll(".signs li:not([hidden])")];
  return shown.map((sign) => entry(plot, sign)).filter(Boolean);
}

/* Lengths of the slide as parts of the axes' rectangle, from its upper right corner. */
function place(x, y) {
  const [width, height] = [SIZE.width - MARGIN.l - MARGIN.r, SIZE.height - MARGIN.t - MARGIN.b];
  return { x: 1 + x / width, y: 1 - y / height };
}

function words(said, x, y, colours, more = {}) {
  const font = { size: TYPE - 2, color: colours.faint };
  return { text: said, xref: "paper", yref: "paper", ...place(x, y), showarrow: false, xanchor: "left", yanchor: "top", font, ...more };
}

function box(left, top, width, height, fill) {
  const [from, to] = [place(left, top), place(left + width, top + height)];
  const line = { width: 0 };
  return { type: "rect", xref: "paper", yref: "paper", x0: from.x, x1: to.x, y0: to.y, y1: from.y, fillcolor: fill, line };
}

/* The colour key of the view: {shapes, annotations, height}. */
function colourKey(colours) {
  const [key] = [...document.querySelectorAll(".colour-key")].filter((one) => one.offsetParent);
  const cells = key?.querySelector(".key-cells");
  if (!cells) return { shapes: [], annotations: [], height: 0 };
  const { side, left, top } = KEY;
  const across = Number(cells.style.getPropertyValue("--across"));
  const up = Number(cells.style.getPropertyValue("--up"));
  const [width, height] = [side / across, side / up];
  const shapes = JSON.parse(cells.dataset.cells).map(([, colour], i) =>
    box(left + (i % across) * width, top + Math.floor(i / across) * height, width, height, colour),
  );
  const [high, low] = [...key.querySelectorAll(".key-up > span")].map((one) => one.innerText);
  const [first, last] = [...key.querySelectorAll(".key-across > span")].map((one) => one.innerText);
  const atLeft = { xanchor: "right" };
  const annotations = [
    words(high, left - 6, top, colours, atLeft),
    words("<b>β₁</b>", left - 6, top + side / 2 - 8, colours, atLeft),
    words(low, left - 6, top + side, colours, { ...atLeft, yanchor: "bottom" }),
    words(first, left, top + side + 4, colours),
    words("<b>β₂</b>", left + side / 2, top + side + 4, colours, { xanchor: "center" }),
    words(last, left + side, top + side + 4, colours, atLeft),
  ];
  const ramp = key.querySelector(".key-ramp");
  if (!ramp) return { shapes, annotations, height: side + 30 };
  const steps = ramp.style.background.match(/rgb\([^)]*\)/g) || [];
  steps.forEach((colour, i) => shapes.push(box(left + (i * side) / steps.length, side + 32, side / steps.length, 9, colour)));
  const ends = key.querySelector(".key-ends");
  const [least, most] = [...ends.children].map((one) => one.innerText);
  annotations.push(
    words(least, left, side + 44, colours),
    words(most, left + side, side + 44, colours, atLeft),
    words(ends.title, left, side + 62, colours),
  );
  return { shapes, annotations, height: side + 86 };
}

/* A note in at most two lines. */
function folded(note) {
  if (note.length <= LINE) return note;
  const cut = note.lastIndexOf(" ", LINE);
  const rest = note.slice(cut + 1);
  return `${note.slice(0, cut)}<br>${rest.length > LINE ? `${rest.slice(0, rest.lastIndexOf(" ", LINE))} …` : rest}`;
}

function inked(trace, colours) {
  const of = (part) => (part?.color === PAGE_INK ? { ...part, color: colours.ink } : part);
  return { ...trace, line: of(trace.line), textfont: of(trace.textfont), showlegend: false };
}

function grown(trace, factor) {
  const size = trace.marker?.size;
  if (!size) return trace;
  return { ...trace, marker: { ...trace.marker, size: size.length ? Array.from(size, (one) => one * factor) : size * factor } };
}

function axis(its) {
  return { ...its, title: { ...its.title, font: { ...its.title?.font, size: TYPE } }, tickfont: { size: TYPE - 1 } };
}

/* Figure and size of a slide, for Plotly.toImage. */
export function slide(plot, isDark) {
  const colours = isDark ? DARK : LIGHT;
  const height = SIZE.height - MARGIN.t - MARGIN.b;
  const factor = Math.min(GROWTH[1], Math.max(GROWTH[0], height / plot._fullLayout._size.h));
  const key = colourKey(colours);
  const note = text(plot.closest(".figure-column"), ".figure-note");
  const source = [document.getElementById("about").dataset.atlas, text(document, "#model-count"), SOURCE].join(" · ");
  const layout = {
    ...plot.layout,
    title: {
      text: `<b>${titleOf(plot)}</b><br><span style="font-size:${TYPE - 1}px;color:${colours.faint}">${folded(note)}</span>`,
      font: { size: 22 },
      ...{ x: 0.02, xanchor: "left", y: 0.925, yanchor: "top", yref: "container" },
    },
    xaxis: axis(plot.layout.xaxis),
    yaxis: axis(plot.layout.yaxis),
    font: { family: "Helvetica, Arial, sans-serif", size: TYPE - 1, color: colours.ink },
    margin: MARGIN,
    paper_bgcolor: colours.paper,
    plot_bgcolor: colours.paper,
    showlegend: true,
    legend: { ...place(KEY.left - 38, key.height), xanchor: "left", yanchor: "top", font: { size: TYPE - 1 }, bgcolor: "rgba(0,0,0,0)", itemsizing: "trace" },
    shapes: [...(plot.layout.shapes || []), ...key.shapes],
    annotations: [
      ...(plot.layout.annotations || []).map((one) => ({ ...one, font: { ...one.font, color: colours.ink } })),
      ...key.annotations,
      { text: source, xref: "paper", yref: "paper", x: 0, y: 0, yshift: BELOW, xanchor: "left", yanchor: "bottom", showarrow: false, font: { size: TYPE - 3, color: colours.faint } },
    ],
    autosize: false,
  };
  const data = [...plot.data.map((trace) => inked(grown(trace, factor), colours)), ...signs(plot).map((trace) => ({ ...inked(trace, colours), showlegend: true }))];
  return { data, layout, ...SIZE };
}

/* The name of a slide's file, without its suffix. */
export function slideName(plot, isDark) {
  return [screen.current.atlas, slug(titleOf(plot)), ...(isDark ? ["dark"] : [])].join("-");
}
