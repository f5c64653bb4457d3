/* A rate plane with the optima of all planes marked, as app/page/figures/marks.py puts marks above one another. */

/* How far along an axis a number lies, in pixels of a small figure. */
function pixels(number, { range: [low, high], type }, side) {
  return (side * ((type === "log" ? Math.log10(number) : number) - low)) / (high - low);
}

function placesOf({ x, y }, { xaxis, yaxis }, [width, height]) {
  return x.map((across, index) => [pixels(across, xaxis, width), pixels(y[index], yaxis, height)]);
}

/* The marks, first drawn first, sized so that none hides another. */
function framed(marks, layout, { plot, frame }) {
  const above = []; // {at, size} of single marks that are drawn later
  const sized = marks.toReversed().map((mark) => {
    const places = placesOf(mark, layout, plot);
    const least = Array.isArray(mark.marker.size) ? mark.marker.size : places.map(() => mark.marker.size);
    const sizes = places.map(([x, y], index) => {
      const hidden = above.filter(({ at }) => Math.max(Math.abs(at[0] - x), Math.abs(at[1] - y)) < least[index]);
      return Math.max(least[index], ...hidden.map(({ size }) => frame * size));
    });
    above.push(...places.map((at, index) => ({ at, size: sizes[index] })));
    const size = sizes.length ? sizes.map((one) => Number(one.toFixed(2))) : mark.marker.size;
    return { ...mark, marker: { ...mark.marker, size } };
  });
  return sized.reverse();
}

/* What stands beside the optima, that of the plane's own metric first, as `beside_a_plane` of app/page/figures/planes.py
 * has it. labels: of the optima, in the order of the planes; null for a metric without one. */
function besideAPlane(labels, metric) {
  const byMetric = new Map(labels.filter(Boolean).map((label) => [label.metric, label]));
  const marked = [...byMetric.values()].map((label) => ({ ...label, own: label.metric === metric }));
  return [...marked.filter(({ own }) => own), ...marked.filter(({ own }) => !own)];
}

/* figure: a plane of `metric` whose only mark is the standard VAE, its last trace. planes: {mark, label} of the best point
 * of each plane, in their order. constants: of app/export/figures.py. */
export function landscape(figure, metric, planes, constants) {
  if (!figure.data.length) return figure; // words
  const standard = figure.data.at(-1);
  const above = framed([...planes.map(({ mark }) => mark), standard], figure.layout, constants);
  const optima = besideAPlane(planes.map(({ label }) => label), metric);
  const layout = figure.layout.meta ? { ...figure.layout, meta: { ...figure.layout.meta, optima } } : figure.layout;
  return { ...figure, layout, data: [...figure.data.slice(0, -1), ...above] };
}
