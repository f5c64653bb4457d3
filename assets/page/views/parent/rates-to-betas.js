/* From a place of the rate plane back to β, by the dots around it. */

/* Neighbours on the grid: corners of triangles, and ends of edges, as indices into dots. */
function mesh(dots) {
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

/* [β₂, β₁] of the fold that has roughly the rates at a place of the plane: log β, interpolated linearly on screen
 * between neighbours of the grid; outside of all triangles, at the nearest place of an edge. null without dots.
 * spots: the places of the dots, [x, y], in pixels like `place`. */
export function betasBetween(dots, spots, place) {
  if (!dots.length) return null;
  const { triangles, edges } = mesh(dots);
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
