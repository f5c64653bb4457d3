/* The colour key for another choice of colour: app/page/widgets/colour_key.py draws it, app/export/figures.py records it
 * once, with what stands below it for each colour and unit. */

/* The components with every cell in the colour of its point. */
function coloured(part, colourOf) {
  if (Array.isArray(part)) return part.map((one) => coloured(one, colourOf));
  if (typeof part !== "object" || part === null) return part;
  const made = Object.fromEntries(Object.entries(part).map(([name, one]) => [name, coloured(one, colourOf)]));
  const cells = part["data-cells"];
  if (cells) made["data-cells"] = JSON.stringify(JSON.parse(cells).map(([point]) => [point, colourOf(point)]));
  return made;
}

/* The key, as Dash takes it. */
export function keyOf({ cells, ramps }, figures, { colour, units }) {
  const colours = figures.colours(colour);
  const { points } = figures.recorded;
  const key = coloured(cells, (point) => colours[points.indexOf(point)]);
  const ramp = ramps[`${colour} ${units}`] ?? [];
  return { ...key, props: { ...key.props, children: [...key.props.children, ...ramp] } };
}
