/* Another atlas's points in the figures of this one, as app/page/beside.py draws them: hollow dots, at the same
 * metrics, axes and units. */
import { codeColour, hex } from "../../core/oklab.js";

const BELOW = "diagonal"; // the trace below which the other's dots lie
const ROOM = 0.05; // between the outermost dot and the end of an axis, as a share of the axis

/* A view's figures, as `drawn` of Recorded, with the dots of another atlas. other: null, or {name, title, figures}.
 * figures, other.figures: Recorded. */
export function drawnBeside(figures, other, view, look) {
  const parts = figures.drawn(view, look);
  if (!parts || !other) return parts;
  const theirs = (other.figures.drawn(view, lookAt(other.figures, look)) ?? []).map(({ figure }) => figure);
  return parts.map((part) => joined(part, theirs, figures.recorded, other, look.colour));
}

/* The look with which the other atlas is drawn: without theory, sized by metrics that it has. */
function lookAt({ recorded }, look) {
  const planes = recorded.landscapes?.planes ?? {};
  return { ...look, theory: "off", sizes: (look.sizes ?? []).filter((size) => Object.hasOwn(planes, size)) };
}

function joined(part, theirs, recorded, other, colour) {
  const wanted = drawnColumns(part.figure);
  if (!wanted) return part; // words: there are no axes
  const found = theirs.find((figure) => drawnColumns(figure) === wanted);
  if (found) return { ...part, figure: withDots(part.figure, found, recorded, other, colour) };
  const joint = !part.note ? "" : part.note.endsWith(".") ? " " : " · ";
  return { ...part, note: `${part.note}${joint}${other.title} has no numbers for this figure.` };
}

/* What a figure's dots stand for: the columns across and up, and that of their sizes. */
function drawnColumns({ layout: { meta } }) {
  return meta ? String([meta.x, meta.y, meta.size]) : "";
}

const pointsOf = ({ data }) => data.find(({ name }) => name === "points");

/* The numbers of a column for all dots of a trace; null where there is none. */
function values({ ids }, { points, table }, column) {
  const rows = new Map(points.map((point, row) => [point, row]));
  return ids.map((point) => table[column]?.[rows.get(point)] ?? null);
}

function withDots(figure, theirFigure, recorded, other, colour) {
  const { size } = figure.layout.meta;
  const their = other.figures.recorded;
  let [own, theirs] = [figure, theirFigure].map(pointsOf);
  if (size) [own, theirs] = sizedAlike([own, theirs], [values(own, recorded, size), values(theirs, their, size)]);
  const titles = new Map(their.points.map((point, row) => [point, their.titles[row]]));
  const hollow = {
    name: "beside",
    type: "scatter",
    mode: "markers",
    x: theirs.x,
    y: theirs.y,
    customdata: theirs.customdata,
    marker: {
      symbol: "circle-open-dot",
      size: theirs.marker.size,
      color: coloursLike(recorded, theirs, their, colour),
      opacity: 0.75,
      line: { width: 1.2 },
    },
    meta: {
      atlas: other.name,
      title: other.title,
      points: theirs.ids,
      titles: theirs.ids.map((point) => titles.get(point)),
    },
    hoverinfo: "skip",
  };
  const { xaxis, yaxis } = figure.layout;
  const layout = {
    ...figure.layout,
    xaxis: widened(xaxis, theirFigure.layout.xaxis, hollow.x),
    yaxis: widened(yaxis, theirFigure.layout.yaxis, hollow.y),
  };
  const data = figure.data.flatMap((trace) => {
    if (trace.name === BELOW) return [hollow, trace];
    return [trace.name === "points" ? own : trace];
  });
  return { ...figure, data, layout };
}

/* Two traces of dots with sizes on one scale of the metric's values, which are those of each. */
function sizedAlike(traces, numbers) {
  const [own] = traces;
  const { size } = own.marker;
  const [small, large] = [Math.min(...size), Math.max(...size)];
  const [low, high] = [Math.min(...numbers.flat()), Math.max(...numbers.flat())];
  if (small === large || low === high) return traces;
  // The largest dot is the best, by whichever end of the scale that is.
  const [largest, smallest] = [large, small].map((one) => numbers[0][size.indexOf(one)]);
  const [worst, best] = largest > smallest ? [low, high] : [high, low];
  const wide = large ** 2 - small ** 2;
  return traces.map((trace, index) => {
    const areas = numbers[index].map((value) => small ** 2 + wide * ((value - worst) / (best - worst)));
    return { ...trace, marker: { ...trace.marker, size: areas.map((area) => Number(Math.sqrt(area).toFixed(2))) } };
  });
}

/* The colours of their dots on the scale of ours: what the colour key says is true of both. */
function coloursLike({ table, code }, theirs, their, colour) {
  const ends = (column) => {
    const known = table[column].filter((value) => value !== null);
    return known.length ? [Math.min(...known), Math.max(...known)] : [0, 0];
  };
  if (!Object.hasOwn(table, colour)) {
    const [beta2, beta1] = ["beta_2", "beta_1"].map((column) => values(theirs, their, column));
    const ranges = ["beta_2", "beta_1"].map(ends);
    return beta2.map((beta, index) => hex(codeColour(code.corners, ranges, [beta, beta1[index]])));
  }
  const [low, high] = ends(colour);
  return values(theirs, their, colour).map((value) => {
    if (value === null) return code.unknown;
    return ramp(code.ramp, high > low ? Math.min(1, Math.max(0, (value - low) / (high - low))) : 0.5);
  });
}

/* The colour at a place of the ramp, 0 to 1. */
function ramp({ stops, last }, place) {
  const at = place * last * (stops.length - 1);
  const before = Math.floor(at);
  const parts = (stop) => [1, 3, 5].map((from) => parseInt(stop.slice(from, from + 2), 16));
  const [from, to] = [stops[before], stops[before + 1]].map(parts);
  return hex(from.map((part, index) => Math.round(part + (at - before) * (to[index] - part))));
}

/* An axis that holds further places, too. theirs: the same axis in the other's figure, whose ticks are used if they
 * lead further. */
function widened(axis, theirs, places) {
  const isLog = axis.type === "log";
  const along = isLog ? places.map(Math.log10) : places;
  const [low, high] = axis.range;
  const [least, most] = [Math.min(...along), Math.max(...along)];
  const room = ROOM * (Math.max(high, most) - Math.min(low, least));
  const range = [least >= low ? low : least - room, most <= high ? high : most + room];
  if (!isLog) return { ...axis, range, zeroline: axis.zeroline || range[0] <= 0 };
  const hasFewer = theirs.tickvals.length > axis.tickvals.length;
  return { ...axis, range, ...(hasFewer ? { tickvals: theirs.tickvals, ticktext: theirs.ticktext } : {}) };
}
