/* The directions of a latent in which images vary most; hvae/directions.py. */

import { eigen } from "./eigen.js";

/** Directions to keep: after the first dozen, changes are hardly visible. */
const MOST = 32;

/** Principal components of residuals (count, size): { vectors, std }, both for each direction, largest std first.

    vectors: Float64Arrays of unit length, the entry of largest magnitude positive. What is not finite counts as 0. */
export function leadingDirections(residuals, count, size) {
  const kept = Math.max(0, Math.min(count - 1, size, MOST));
  if (kept === 0) return { vectors: [], std: [] };
  const x = centred(residuals, count, size);
  // The smaller of XᵀX and XXᵀ: both have the squares of X's singular values.
  const tall = size <= count;
  const { values, vectors } = tall
    ? eigen(gram(transposed(x, count, size), size, count), size)
    : eigen(gram(x, count, size), count);
  const directions = { vectors: [], std: [] };
  for (let i = 0; i < kept; i++) {
    const singular = Math.sqrt(Math.max(values[i], 0));
    const vector = tall
      ? vectors.slice(i * size, (i + 1) * size)
      : combined(x, vectors.subarray(i * count, (i + 1) * count), size);
    directions.vectors.push(normalised(vector));
    directions.std.push(singular / Math.sqrt(count - 1));
  }
  return directions;
}

/** The plane of the first two principal components of residuals (count, size), through their mean: { middle, axes,
    places, explained }; `leading_plane` of hvae/directions.py.

    axes: two vectors, of zeros where there is no further direction. places: [across, up] of each residual. */
export function leadingPlane(residuals, count, size) {
  const found = leadingDirections(residuals, count, size).vectors.slice(0, 2);
  const axes = [0, 1].map((i) => found[i] ?? new Float64Array(size));
  const x = centred(residuals, count, size);
  const middle = Float64Array.from({ length: size }, (_, k) => (Number.isFinite(residuals[k]) ? residuals[k] : 0) - x[k]);
  const rows = Array.from({ length: count }, (_, i) => x.subarray(i * size, (i + 1) * size));
  const places = rows.map((row) => axes.map((axis) => product(row, axis)));
  const total = product(x, x);
  return { middle, axes, places, explained: total ? product(places.flat(), places.flat()) / total : 0 };
}

/** Where a residual lies in a plane: [across, up]. */
export function placeIn({ middle, axes }, residual) {
  const row = Float64Array.from(residual, (value, k) => (Number.isFinite(value) ? value : 0) - middle[k]);
  return axes.map((axis) => product(row, axis));
}

function product(a, b) {
  let sum = 0;
  for (let k = 0; k < a.length; k++) sum += a[k] * b[k];
  return sum;
}

function centred(residuals, count, size) {
  const x = Float64Array.from(residuals, (value) => (Number.isFinite(value) ? value : 0));
  for (let column = 0; column < size; column++) {
    let sum = 0;
    for (let at = column; at < x.length; at += size) sum += x[at];
    for (let at = column; at < x.length; at += size) x[at] -= sum / count;
  }
  return x;
}

function transposed(x, rows, columns) {
  return Float64Array.from({ length: x.length }, (_, at) => x[(at % rows) * columns + Math.floor(at / rows)]);
}

/* The products of all pairs of rows. */
function gram(x, rows, columns) {
  const products = new Float64Array(rows * rows);
  for (let i = 0; i < rows; i++)
    for (let j = 0; j <= i; j++) {
      let sum = 0;
      for (let k = 0, a = i * columns, b = j * columns; k < columns; k++) sum += x[a++] * x[b++];
      products[i * rows + j] = products[j * rows + i] = sum;
    }
  return products;
}

function combined(x, weights, size) {
  const vector = new Float64Array(size);
  weights.forEach((weight, row) => {
    for (let k = 0; k < size; k++) vector[k] += weight * x[row * size + k];
  });
  return vector;
}

function normalised(vector) {
  const largest = vector.reduce((best, value) => (Math.abs(value) > Math.abs(best) ? value : best), 0);
  const length = Math.sqrt(vector.reduce((sum, value) => sum + value * value, 0));
  return length === 0 ? vector : vector.map((value) => (value / length) * (largest < 0 ? -1 : 1));
}
