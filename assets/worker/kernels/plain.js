/* The kernels of kernels/net.c in JavaScript: the same functions of the same arguments, some 20 times slower.

   Math.fround around a sum or a product of float32 numbers lets the browser compute in float32. */

import { checked } from "./checked.js";

const PAGE = 65536;
const { fround } = Math;

export function plainKernels() {
  const memory = {
    buffer: new ArrayBuffer(PAGE),
    grow(pages) {
      const larger = new Uint8Array(memory.buffer.byteLength + pages * PAGE);
      larger.set(new Uint8Array(memory.buffer));
      memory.buffer = larger.buffer;
      view();
    },
  };
  let f, words;
  function view() {
    f = new Float32Array(memory.buffer);
    words = new Uint32Array(memory.buffer);
  }
  view();

  /* Sums of 2 pixels × 4 output channels. */
  const sums = new Float32Array(8);

  /* Of weights that are `block` floats apart, and pixels that are `step` apart. */
  function product(from, step, tapRow, taps, run, w, block) {
    let a0 = fround(0),
      a1 = fround(0),
      a2 = fround(0),
      a3 = fround(0);
    let b0 = fround(0),
      b1 = fround(0),
      b2 = fround(0),
      b3 = fround(0);
    for (let tap = 0; tap < taps; tap++, from += tapRow)
      for (let k = from, end = from + run; k < end; k++, w += block) {
        const x = f[k],
          y = f[k + step];
        const w0 = f[w],
          w1 = f[w + 1],
          w2 = f[w + 2],
          w3 = f[w + 3];
        a0 = fround(a0 + fround(x * w0));
        a1 = fround(a1 + fround(x * w1));
        a2 = fround(a2 + fround(x * w2));
        a3 = fround(a3 + fround(x * w3));
        b0 = fround(b0 + fround(y * w0));
        b1 = fround(b1 + fround(y * w1));
        b2 = fround(b2 + fround(y * w2));
        b3 = fround(b3 + fround(y * w3));
      }
    sums[0] = a0;
    sums[1] = a1;
    sums[2] = a2;
    sums[3] = a3;
    sums[4] = b0;
    sums[5] = b1;
    sums[6] = b2;
    sums[7] = b3;
  }

  /* A row of `width` output pixels; all places in floats. scale: 0 for sums as they are; addend: 0 for none. */
  function pixels(
    from,
    inPixel,
    tapRow,
    taps,
    run,
    weights,
    scale,
    bias,
    out,
    outPixel,
    addend,
    width,
    cOut,
  ) {
    const depth = taps * run;
    for (let x = 0; x < width; x += 2) {
      const pair = x + 1 < width ? 2 : 1;
      for (let c = 0; c < cOut; c += 4) {
        const first = c - (c % 8),
          block = first + 8 <= cOut ? 8 : 4;
        product(
          from + x * inPixel,
          pair === 2 ? inPixel : 0,
          tapRow,
          taps,
          run,
          weights + first * depth + c - first,
          block,
        );
        for (let p = 0; p < pair; p++)
          for (let o = 0; o < 4; o++) {
            const at = (x + p) * outPixel + c + o;
            let sum = sums[4 * p + o];
            if (scale) sum = fround(fround(sum * f[scale + c + o]) + f[bias + c + o]);
            f[out + at] = addend ? sum + f[addend + at] : sum;
          }
      }
    }
  }

  const functions = {
    /* No block of the heap begins at 0, which stands for "none". */
    base: () => 64,

    convolve(
      input,
      inImage,
      inRow,
      inPixel,
      tapRow,
      taps,
      run,
      weights,
      scale,
      bias,
      out,
      outImage,
      outRow,
      outPixel,
      addend,
      n,
      height,
      width,
      cOut,
    ) {
      for (let i = 0; i < n; i++)
        for (let y = 0; y < height; y++) {
          const from = input / 4 + i * inImage + y * inRow,
            at = i * outImage + y * outRow;
          pixels(
            from,
            inPixel,
            tapRow,
            taps,
            run,
            weights / 4,
            scale / 4,
            bias / 4,
            out / 4 + at,
            outPixel,
            addend && addend / 4 + at,
            width,
            cOut,
          );
        }
    },

    winograd_weights(weights, out, cIn, cOut) {
      const g = new Float32Array(9),
        half = new Float32Array(18),
        u = new Float32Array(36);
      for (let c = 0; c < cOut; c++) {
        const first = c - (c % 8),
          block = first + 8 <= cOut ? 8 : 4;
        for (let i = 0; i < cIn; i++) {
          for (let tap = 0; tap < 9; tap++)
            g[tap] = f[weights / 4 + (first * 9 + tap * block) * cIn + i * block + c - first];
          for (let x = 0; x < 3; x++) weightTransform(g, x, 3, half, x, 3);
          for (let y = 0; y < 6; y++) weightTransform(half, 3 * y, 1, u, 6 * y, 1);
          for (let p = 0; p < 36; p++) f[out / 4 + (p * cOut + first) * cIn + i * block + c - first] = u[p];
        }
      }
    },

    winograd(
      input,
      inImage,
      inRow,
      cIn,
      weights,
      scale,
      bias,
      out,
      outImage,
      outRow,
      cOut,
      addend,
      n,
      height,
      width,
      scratch,
    ) {
      const down = Math.ceil(height / 4),
        across = Math.ceil(width / 4),
        tiles = n * down * across;
      const transformed = scratch / 4,
        products = transformed + 36 * tiles * cIn;
      for (let i = 0, tile = 0; i < n; i++)
        for (let ty = 0; ty < down; ty++)
          for (let tx = 0; tx < across; tx++, tile++)
            for (let k = 0; k < cIn; k++) {
              const corner = input / 4 + i * inImage + 4 * ty * inRow + 4 * tx * cIn + k;
              const to = transformed + tile * cIn + k,
                step = tiles * cIn;
              for (let y = 0; y < 6; y++) inputTransform(f, corner + y * inRow, cIn, square, 6 * y, 1);
              for (let x = 0; x < 6; x++) inputTransform(square, x, 6, f, to + x * step, 6 * step);
            }
      for (let p = 0; p < 36; p++)
        pixels(
          transformed + p * tiles * cIn,
          cIn,
          0,
          1,
          cIn,
          weights / 4 + p * cIn * cOut,
          0,
          0,
          products + p * tiles * cOut,
          cOut,
          0,
          tiles,
          cOut,
        );
      for (let i = 0, tile = 0; i < n; i++)
        for (let ty = 0; ty < down; ty++)
          for (let tx = 0; tx < across; tx++, tile++)
            for (let k = 0; k < cOut; k++) {
              const from = products + tile * cOut + k,
                step = tiles * cOut;
              for (let y = 0; y < 6; y++) outputTransform(f, from + 6 * y * step, step, square, 4 * y, 1);
              for (let x = 0; x < 4; x++) outputTransform(square, x, 4, result, x, 4);
              const rows = Math.min(4, height - 4 * ty),
                columns = Math.min(4, width - 4 * tx);
              for (let y = 0; y < rows; y++)
                for (let x = 0; x < columns; x++) {
                  const at = i * outImage + (4 * ty + y) * outRow + (4 * tx + x) * cOut + k;
                  const value = result[4 * y + x] * f[scale / 4 + k] + f[bias / 4 + k];
                  f[out / 4 + at] = addend ? value + f[addend / 4 + at] : value;
                }
            }
    },

    spread(input, out, outImage, outRow, outPixel, n, height, width, c, activation, outHeight, outWidth) {
      const activated = ACTIVATIONS[activation];
      const down = fround(height / outHeight),
        across = fround(width / outWidth);
      for (let i = 0; i < n; i++)
        for (let y = 0; y < outHeight; y++)
          for (let x = 0; x < outWidth; x++) {
            const row = i * height + Math.floor(fround(y * down));
            const from = input / 4 + (row * width + Math.floor(fround(x * across))) * c;
            const to = out / 4 + i * outImage + y * outRow + x * outPixel;
            for (let k = 0; k < c; k++) f[to + k] = activated(f[from + k]);
          }
    },

    shuffle(input, out, outImage, outRow, outPixel, n, height, width, c, activation) {
      const activated = ACTIVATIONS[activation];
      let from = input / 4;
      for (let i = 0; i < n; i++)
        for (let y = 0; y < height; y++)
          for (let x = 0; x < width; x++)
            for (let d = 0; d < 4; d++) {
              const to = out / 4 + i * outImage + (2 * y + (d >> 1)) * outRow + (2 * x + (d & 1)) * outPixel;
              for (let k = 0; k < c; k++) f[to + k] = activated(f[from++]);
            }
    },

    bound(raw, m, c) {
      for (let i = 0; i < m; i++)
        for (let k = 0, at = raw / 4 + (2 * i + 1) * c; k < c; k++, at++) f[at] = 5 * Math.tanh(f[at] / 5);
    },

    draw(gaussians, noise, z, m, c, temperature) {
      for (let i = 0; i < m; i++)
        for (let k = 0; k < c; k++) {
          const mean = gaussians / 4 + 2 * i * c + k,
            at = i * c + k;
          f[z / 4 + at] = f[mean] + temperature * Math.exp(f[mean + c]) * f[noise / 4 + at];
        }
    },

    paint(logits, means, rgba, n, height, width, c) {
      let from = logits / 4;
      const area = 4 * height * width;
      for (let i = 0; i < n; i++)
        for (let y = 0; y < height; y++)
          for (let x = 0; x < width; x++) {
            const corner = 4 * y * width + 2 * x;
            for (let d = 0; d < 4; d++)
              words[rgba / 4 + i * area + corner + (d >> 1) * 2 * width + (d & 1)] = 0xff000000;
            for (let k = 0; k < c; k++)
              for (let d = 0; d < 4; d++) {
                const mean = sigmoid(f[from++]),
                  place = corner + (d >> 1) * 2 * width + (d & 1);
                f[means / 4 + (i * c + k) * area + place] = mean;
                const byte = halfToEven(255 * mean);
                if (c === 1) words[rgba / 4 + i * area + place] |= byte * 0x010101;
                else if (k < 3) words[rgba / 4 + i * area + place] |= byte << (8 * k);
              }
          }
    },
  };

  return { name: "plain", memory, ...checked(functions) };
}

/* One tile of Winograd's, between its two transforms, and its 4×4 pixels. */
const square = new Float32Array(36);
const result = new Float32Array(16);

/* Bᵀd, of 6 numbers that are `step` apart, to `next` apart; likewise Aᵀm and Gg. */
function inputTransform(from, at, step, to, place, next) {
  const d0 = from[at],
    d1 = from[at + step],
    d2 = from[at + 2 * step];
  const d3 = from[at + 3 * step],
    d4 = from[at + 4 * step],
    d5 = from[at + 5 * step];
  const a = d4 - 4 * d2,
    b = d3 - 4 * d1,
    c = d4 - d2,
    e = 2 * (d3 - d1);
  to[place] = 4 * d0 - 5 * d2 + d4;
  to[place + next] = a + b;
  to[place + 2 * next] = a - b;
  to[place + 3 * next] = c + e;
  to[place + 4 * next] = c - e;
  to[place + 5 * next] = 4 * d1 - 5 * d3 + d5;
}
function outputTransform(from, at, step, to, place, next) {
  const m1 = from[at + step],
    m2 = from[at + 2 * step],
    m3 = from[at + 3 * step],
    m4 = from[at + 4 * step];
  const a = m1 + m2,
    b = m1 - m2,
    c = m3 + m4,
    d = m3 - m4;
  to[place] = from[at] + a + c;
  to[place + next] = b + 2 * d;
  to[place + 2 * next] = a + 4 * c;
  to[place + 3 * next] = b + 8 * d + from[at + 5 * step];
}
function weightTransform(from, at, step, to, place, next) {
  const g0 = from[at],
    g1 = from[at + step],
    g2 = from[at + 2 * step];
  to[place] = g0 / 4;
  to[place + next] = -(g0 + g1 + g2) / 6;
  to[place + 2 * next] = -(g0 - g1 + g2) / 6;
  to[place + 3 * next] = g0 / 24 + g1 / 12 + g2 / 6;
  to[place + 4 * next] = g0 / 24 - g1 / 12 + g2 / 6;
  to[place + 5 * next] = g2;
}

const sigmoid = (x) => 1 / (1 + Math.exp(-x));
const silu = (x) => x / (1 + Math.exp(-x));
const relu = (x) => Math.max(x, 0);
const softplus = (x) => relu(x) + Math.log1p(Math.exp(-Math.abs(x)));
const ACTIVATIONS = [(x) => x, silu, relu, softplus, sigmoid];

function halfToEven(x) {
  const whole = Math.round(x);
  return whole - x === 0.5 && whole % 2 ? whole - 1 : whole;
}
