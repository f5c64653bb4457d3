/* Eigenvectors of a symmetric matrix: Householder's reduction to a tridiagonal one, then the QL algorithm with implicit
   shifts (Bowdler, Martin, Reinsch & Wilkinson, 1968; EISPACK's tred2 and tql2). */

/** Eigenvalues, largest first, and eigenvectors, row i that of value i, of a symmetric matrix Float64Array (n, n). */
export function eigen(matrix, n) {
  const v = Float64Array.from(matrix);
  const d = new Float64Array(n),
    e = new Float64Array(n);
  tridiagonalise(v, d, e, n);
  diagonalise(v, d, e, n);
  const order = Array.from(d.keys()).sort((a, b) => d[b] - d[a]);
  const vectors = new Float64Array(n * n);
  order.forEach((column, row) => {
    for (let i = 0; i < n; i++) vectors[row * n + i] = v[column * n + i];
  });
  return { values: order.map((i) => d[i]), vectors };
}

/* v becomes the transposed product of reflections; d the diagonal, e, from 1 on, what is beside it. */
function tridiagonalise(v, d, e, n) {
  // Rows of v are columns of EISPACK's matrix: loops then run along memory.
  for (let j = 0; j < n; j++) d[j] = v[j * n + n - 1];
  for (let i = n - 1; i > 0; i--) {
    let scale = 0,
      h = 0;
    for (let k = 0; k < i; k++) scale += Math.abs(d[k]);
    if (scale === 0) {
      e[i] = d[i - 1];
      for (let j = 0; j < i; j++) {
        d[j] = v[j * n + i - 1];
        v[j * n + i] = v[i * n + j] = 0;
      }
    } else {
      for (let k = 0; k < i; k++) {
        d[k] /= scale;
        h += d[k] * d[k];
      }
      const f = d[i - 1],
        g = f > 0 ? -Math.sqrt(h) : Math.sqrt(h);
      e[i] = scale * g;
      h -= f * g;
      d[i - 1] = f - g;
      e.fill(0, 0, i);
      for (let j = 0; j < i; j++) {
        const x = d[j];
        v[i * n + j] = x;
        let sum = e[j] + v[j * n + j] * x;
        for (let k = j + 1; k < i; k++) {
          sum += v[j * n + k] * d[k];
          e[k] += v[j * n + k] * x;
        }
        e[j] = sum;
      }
      let product = 0;
      for (let j = 0; j < i; j++) {
        e[j] /= h;
        product += e[j] * d[j];
      }
      const half = product / (h + h);
      for (let j = 0; j < i; j++) e[j] -= half * d[j];
      for (let j = 0; j < i; j++) {
        const x = d[j],
          y = e[j];
        for (let k = j; k < i; k++) v[j * n + k] -= x * e[k] + y * d[k];
        d[j] = v[j * n + i - 1];
        v[j * n + i] = 0;
      }
    }
    d[i] = h;
  }
  for (let i = 0; i < n - 1; i++) {
    v[i * n + n - 1] = v[i * n + i];
    v[i * n + i] = 1;
    const h = d[i + 1],
      next = (i + 1) * n;
    if (h !== 0) {
      for (let k = 0; k <= i; k++) d[k] = v[next + k] / h;
      for (let j = 0; j <= i; j++) {
        let sum = 0;
        for (let k = 0; k <= i; k++) sum += v[next + k] * v[j * n + k];
        for (let k = 0; k <= i; k++) v[j * n + k] -= sum * d[k];
      }
    }
    v.fill(0, next, next + i + 1);
  }
  for (let j = 0; j < n; j++) {
    d[j] = v[j * n + n - 1];
    v[j * n + n - 1] = 0;
  }
  v[n * n - 1] = 1;
  e[0] = 0;
}

/* d becomes the eigenvalues, and the rows of v the eigenvectors. */
function diagonalise(v, d, e, n) {
  e.copyWithin(0, 1);
  e[n - 1] = 0;
  let shift = 0,
    largest = 0;
  for (let l = 0; l < n; l++) {
    largest = Math.max(largest, Math.abs(d[l]) + Math.abs(e[l]));
    let m = l;
    while (m < n - 1 && Math.abs(e[m]) > Number.EPSILON * largest) m++;
    while (m > l && Math.abs(e[l]) > Number.EPSILON * largest) {
      const before = d[l];
      let p = (d[l + 1] - before) / (2 * e[l]);
      let r = p < 0 ? -Math.hypot(p, 1) : Math.hypot(p, 1);
      d[l] = e[l] / (p + r);
      d[l + 1] = e[l] * (p + r);
      const next = d[l + 1],
        moved = before - d[l];
      for (let i = l + 2; i < n; i++) d[i] -= moved;
      shift += moved;
      p = d[m];
      let c = 1,
        c2 = 1,
        c3 = 1,
        s = 0,
        s2 = 0;
      const beside = e[l + 1];
      for (let i = m - 1; i >= l; i--) {
        c3 = c2;
        c2 = c;
        s2 = s;
        const g = c * e[i],
          h = c * p;
        r = Math.hypot(p, e[i]);
        e[i + 1] = s * r;
        s = e[i] / r;
        c = p / r;
        p = c * d[i] - s * g;
        d[i + 1] = h + s * (c * g + s * d[i]);
        for (let k = i * n, end = k + n; k < end; k++) {
          const x = v[k + n];
          v[k + n] = s * v[k] + c * x;
          v[k] = c * v[k] - s * x;
        }
      }
      p = (-s * s2 * c3 * beside * e[l]) / next;
      e[l] = s * p;
      d[l] = c * p;
    }
    d[l] += shift;
    e[l] = 0;
  }
}
