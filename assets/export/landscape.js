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

/* figure: a plane whose only mark is the standard VAE, its last trace. marks: of the best point of each plane, in their
 * order. constants: of app/export/figures.py. */
export function landscape(figure, marks, constants) {
  if (!figure.data.length) return figure; // words
  const standard = figure.data.at(-1);
  const optima = marks.map((mark, index) => ({ ...mark, marker: { ...mark.marker, symbol: constants.symbols[index] } }));
  const above = framed([...optima, standard], figure.layout, constants);
  return { ...figure, data: [...figure.data.slice(0, -1), ...above] };
}
