/* Linked figures: the plots on the page, and the places of their dots.
 *
 * A figure is the plot inside <div class="linked-figure">. Its dots are the traces with `ids`, the points' names;
 * `customdata` holds the lines of a dot's card. The dots of an atlas beside this one have `meta` in place of `ids`.
 *
 * Event of `document`:  hvae:plotted {plot}   a figure has been drawn, for the first time or again
 */
const PLOTS = ".linked-figure .js-plotly-plot";

const BESIDE = "beside"; // the trace of another atlas's dots
const PREDICTED = "theory"; // the trace of hollow dots: where theory puts the points, which have dots of their own

const known = new WeakSet(); // plots that tell us when they are drawn

function isDrawn(plot) {
  return Boolean(plot && plot._fullLayout && plot._fullLayout._size && plot.data);
}

/* The visible plots. */
export function visiblePlots() {
  return [...document.querySelectorAll(PLOTS)].filter((plot) => plot.offsetParent && isDrawn(plot));
}

/* The plot that an event's target belongs to, or null. */
export function plotOf(target) {
  const plot = target instanceof Element ? target.closest(PLOTS) : null;
  return isDrawn(plot) ? plot : null;
}

/* The models' own dots of a plot: {point, x, y, radius, lines}; x, y in pixels from the figure's upper left corner. */
export function dotsOf(plot) {
  return placed(plot, ({ ids, name }) => ids && name !== PREDICTED);
}

const isBeside = ({ name }) => name === BESIDE;

function placed(plot, isWanted) {
  const { _size: margin, xaxis, yaxis } = plot._fullLayout;
  return plot.data
    .filter(isWanted)
    .flatMap((trace) =>
      (trace.ids ?? trace.meta.points).map((point, i) => ({
        point,
        ...(trace.ids ? {} : { atlas: trace.meta.atlas, title: `${trace.meta.title}: ${trace.meta.titles[i]}` }),
        x: margin.l + xaxis.d2p(trace.x[i]),
        y: margin.t + yaxis.d2p(trace.y[i]),
        radius: trace.marker.size[i] / 2,
        lines: trace.customdata ? trace.customdata[i] : [],
      })),
    );
}

/* The dots at a place of the window, predicted ones among them, the best match first: the dots under it, the nearest
 * centre first; without any, the nearest dot of another atlas that is under it, which has `atlas` and `title`; or else the
 * dot with the nearest edge, if that is within `reach` pixels. */
export function dotsAt(plot, clientX, clientY, reach) {
  const box = plot.getBoundingClientRect();
  const near = (dots) =>
    dots
      .map((dot) => ({ ...dot, distance: Math.hypot(box.left + dot.x - clientX, box.top + dot.y - clientY) }))
      .filter((dot) => dot.distance - dot.radius < reach);
  const under = (dots) => dots.filter((dot) => dot.distance <= dot.radius + 1).sort((a, b) => a.distance - b.distance);
  const own = near(placed(plot, ({ ids }) => ids));
  if (under(own).length) return under(own);
  const [other] = under(near(placed(plot, isBeside)));
  if (other) return [other];
  return own.sort((a, b) => a.distance - a.radius - (b.distance - b.radius)).slice(0, 1);
}

function tell(plot) {
  if (plot.offsetParent) document.dispatchEvent(new CustomEvent("hvae:plotted", { detail: { plot } }));
}

/* dcc.Graph loads plotly when it first needs it, and Dash may replace a graph by a new one. */
let looking = 0;
function look() {
  looking = 0;
  const plots = [...document.querySelectorAll(PLOTS)];
  for (const plot of plots) {
    if (known.has(plot) || !plot.on || !isDrawn(plot)) continue;
    known.add(plot);
    plot.on("plotly_afterplot", () => tell(plot));
    tell(plot);
  }
  // Plotly makes its elements first and draws them a little later.
  if (plots.some((plot) => !known.has(plot))) lookSoon();
}

function lookSoon() {
  if (!looking) looking = requestAnimationFrame(look);
}

export function start() {
  lookSoon();
  new MutationObserver(lookSoon).observe(document.documentElement, { childList: true, subtree: true });
}
