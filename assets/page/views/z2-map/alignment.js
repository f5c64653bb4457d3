/* Maps of two models, turned so that their images lie as near as possible to one another: which direction comes first,
 * and its sign, mean nothing. */

const SAME = [[1, 0], [0, 1]];

function sums(places, former) {
  const sum = (i, j) => places.reduce((total, place, k) => total + former[k][i] * place[j], 0);
  return [[sum(0, 0), sum(0, 1)], [sum(1, 0), sum(1, 1)]];
}

/* The rotation or reflection of `places` that brings them nearest to `former`, a 2×2 matrix: Procrustes' problem. */
export function turnTo(places, former) {
  if (former.length !== places.length) return SAME;
  const [[a, b], [c, d]] = sums(places, former);
  const [rotated, reflected] = [Math.hypot(a + d, c - b), Math.hypot(a - d, b + c)];
  if (!(Math.max(rotated, reflected) > 0)) return SAME;
  if (rotated >= reflected) {
    const [cos, sin] = [(a + d) / rotated, (c - b) / rotated];
    return [[cos, -sin], [sin, cos]];
  }
  const [cos, sin] = [(a - d) / reflected, (b + c) / reflected];
  return [[cos, sin], [sin, -cos]];
}

/* A place after a turn. */
export function turned([[a, b], [c, d]], [x, y]) {
  return [a * x + b * y, c * x + d * y];
}

/* The place that a turn brings here. */
export function turnedBack([[a, b], [c, d]], [x, y]) {
  return [a * x + c * y, b * x + d * y];
}
