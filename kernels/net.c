// The networks of an HVAE as a few kernels: WebAssembly with SIMD128, float32, no libc, no allocation.
//
// Feature maps are channels-last, (N, H, W, C), and C is a multiple of 4; channels that a network does not have
// are zero, and stay zero. A bordered map has one pixel of zeros before, and at least one behind, each row and
// each column: a 3×3 convolution needs no special case at the edge.
//
// `convolve` is every linear map: for each output pixel it takes `taps` runs of `run` contiguous floats. A 3×3
// convolution over a bordered map is 3 runs of 3·C, a 1×1 convolution or a linear map one run of C. Strides are
// steps in the input. A transposed 4×4 convolution of stride 2 is a 3×3 convolution to four times the channels, which
// `shuffle` then lays side by side.
//
// Sizes are in floats, addresses in bytes. assets/worker/kernels/plain.js is the same in JavaScript.
#include <stdint.h>
#include <wasm_simd128.h>

#define EXPORT(name) __attribute__((export_name(#name))) void name
#define INLINE static inline __attribute__((always_inline))
#define UNROLL _Pragma("unroll")

typedef v128_t f32x4;

INLINE f32x4 load(const float *p) { return wasm_v128_load(p); }
INLINE void store(float *p, f32x4 v) { wasm_v128_store(p, v); }
INLINE f32x4 all(float x) { return wasm_f32x4_splat(x); }
INLINE f32x4 add(f32x4 a, f32x4 b) { return wasm_f32x4_add(a, b); }
INLINE f32x4 sub(f32x4 a, f32x4 b) { return wasm_f32x4_sub(a, b); }
INLINE f32x4 mul(f32x4 a, f32x4 b) { return wasm_f32x4_mul(a, b); }
INLINE f32x4 quotient(f32x4 a, f32x4 b) { return wasm_f32x4_div(a, b); }
INLINE f32x4 mul_add(f32x4 a, f32x4 b, f32x4 c) { return add(mul(a, b), c); }

// Where memory that belongs to nobody begins.
extern unsigned char __heap_base;
__attribute__((export_name("base"))) uint32_t base(void) { return (uint32_t)&__heap_base; }

// ---- Functions of one number ------------------------------------------------------------------------------

// eˣ = 2ⁿ eʳ with |r| ≤ ½ ln 2; the polynomial is that of Cephes' expf. Within 2 ulp; x is clamped to ±87,
// and NaN stays NaN.
INLINE f32x4 exponential(f32x4 x) {
  x = wasm_f32x4_pmin(wasm_f32x4_pmax(x, all(-87.f)), all(87.f));
  // Added to 1.5 · 2²³, a number is rounded to a whole one, which then is in the sum's lowest bits.
  f32x4 sum = mul_add(x, all(1.44269504f), all(12582912.f)), n = sub(sum, all(12582912.f));
  f32x4 r = sub(x, mul(n, all(0.693359375f)));
  r = sub(r, mul(n, all(-2.12194440e-4f)));
  f32x4 p = mul_add(all(1.9875691500e-4f), r, all(1.3981999507e-3f));
  p = mul_add(p, r, all(8.3334519073e-3f));
  p = mul_add(p, r, all(4.1665795894e-2f));
  p = mul_add(p, r, all(1.6666665459e-1f));
  p = mul_add(p, r, all(5.0000001201e-1f));
  p = add(mul_add(p, mul(r, r), r), all(1.f));
  return wasm_i32x4_add(p, wasm_i32x4_shl(sum, 23)); // n to p's exponent
}

// ln(1 + y) for 0 ≤ y ≤ 1, as 2 artanh(y / (2 + y)); within 3 ulp.
INLINE f32x4 log_of_one_plus(f32x4 y) {
  f32x4 t = quotient(y, add(all(2.f), y)), s = mul(t, t);
  f32x4 p = mul_add(all(1.f / 13), s, all(1.f / 11));
  p = mul_add(p, s, all(1.f / 9));
  p = mul_add(p, s, all(1.f / 7));
  p = mul_add(p, s, all(1.f / 5));
  p = mul_add(p, s, all(1.f / 3));
  return mul(add(t, t), mul_add(p, s, all(1.f)));
}

INLINE f32x4 sigmoid(f32x4 x) { return quotient(all(1.f), add(all(1.f), exponential(wasm_f32x4_neg(x)))); }
INLINE f32x4 silu(f32x4 x) { return quotient(x, add(all(1.f), exponential(wasm_f32x4_neg(x)))); }
INLINE f32x4 relu(f32x4 x) { return wasm_f32x4_max(x, all(0.f)); }
INLINE f32x4 softplus(f32x4 x) {
  return add(relu(x), log_of_one_plus(exponential(wasm_f32x4_neg(wasm_f32x4_abs(x)))));
}

enum { IDENTITY, SILU, RELU, SOFTPLUS, SIGMOID };

INLINE f32x4 activated(f32x4 x, const int activation) {
  switch (activation) {
    case SILU: return silu(x);
    case RELU: return relu(x);
    case SOFTPLUS: return softplus(x);
    case SIGMOID: return sigmoid(x);
    default: return x;
  }
}

// One loop for each activation, so that none of them asks for every number which one it is.
#define BY_ACTIVATION(AS)               \
  switch (activation) {                 \
    case SILU: AS(SILU); break;         \
    case RELU: AS(RELU); break;         \
    case SOFTPLUS: AS(SOFTPLUS); break; \
    case SIGMOID: AS(SIGMOID); break;   \
    default: AS(IDENTITY);              \
  }

// ---- Linear maps ------------------------------------------------------------------------------------------

// What `convolve` reads and writes; distances between images, rows and pixels in floats.
typedef struct {
  const float *in;
  int in_image, in_row, in_pixel, tap_row, taps, run;
  float *out;
  int out_image, out_row, out_pixel;
  int n, height, width;
} Walk;

// P pixels × 4·Q output channels, from weights [taps · run][4·Q].
INLINE void product(f32x4 sum[4][2], const float *in, const Walk *walk, const float *weights, const int P,
                    const int Q) {
  UNROLL for (int p = 0; p < P; p++) UNROLL for (int q = 0; q < Q; q++) sum[p][q] = all(0.f);
  for (int tap = 0; tap < walk->taps; tap++, in += walk->tap_row) {
    const float *x = in;
    for (int k = 0; k < walk->run; k++, x++, weights += 4 * Q) {
      f32x4 w[2];
      UNROLL for (int q = 0; q < Q; q++) w[q] = load(weights + 4 * q);
      UNROLL for (int p = 0; p < P; p++) {
        f32x4 s = wasm_v128_load32_splat(x + p * walk->in_pixel);
        UNROLL for (int q = 0; q < Q; q++) sum[p][q] = mul_add(s, w[q], sum[p][q]);
      }
    }
  }
}

// scale: null for sums as they are. addend: null, or laid out as `out`.
INLINE void pixels(const float *in, float *out, const float *addend, const Walk *walk, const float *weights,
                   const float *scale, const float *bias, const int P, const int Q) {
  f32x4 sum[4][2];
  product(sum, in, walk, weights, P, Q);
  UNROLL for (int p = 0; p < P; p++) UNROLL for (int q = 0; q < Q; q++) {
    int at = p * walk->out_pixel + 4 * q;
    f32x4 y = sum[p][q];
    if (scale) y = mul_add(y, load(scale + 4 * q), load(bias + 4 * q));
    if (addend) y = add(y, load(addend + at));
    store(out + at, y);
  }
}

INLINE void channels(Walk walk, const float *addend, const float *weights, const float *scale,
                     const float *bias, const int Q) {
  for (int i = 0; i < walk.n; i++)
    for (int y = 0; y < walk.height; y++) {
      const float *in = walk.in + i * walk.in_image + y * walk.in_row;
      int at = i * walk.out_image + y * walk.out_row, x = 0;
      const float *row_addend = addend ? addend + at : 0;
      float *out = walk.out + at;
      for (; x + 4 <= walk.width; x += 4) {
        pixels(in, out, row_addend, &walk, weights, scale, bias, 4, Q);
        in += 4 * walk.in_pixel, out += 4 * walk.out_pixel;
        if (addend) row_addend += 4 * walk.out_pixel;
      }
      for (; x < walk.width; x++) {
        pixels(in, out, row_addend, &walk, weights, scale, bias, 1, Q);
        in += walk.in_pixel, out += walk.out_pixel;
        if (addend) row_addend += walk.out_pixel;
      }
    }
}

INLINE void all_channels(Walk walk, const float *addend, const float *weights, const float *scale,
                         const float *bias, int c_out) {
  int c = 0, depth = walk.taps * walk.run;
  for (; c + 8 <= c_out; c += 8, walk.out += 8, weights += 8 * depth) {
    channels(walk, addend, weights, scale, bias, 2);
    if (addend) addend += 8;
    if (scale) scale += 8, bias += 8;
  }
  if (c < c_out) channels(walk, addend, weights, scale, bias, 1);
}

// out = scale ⊙ (weights · in) + bias (+ addend), for n images of height × width output pixels.
// weights: for each 8 output channels (the last 4 alone where c_out is no multiple of 8), [taps · run][8].
EXPORT(convolve)(const float *in, int in_image, int in_row, int in_pixel, int tap_row, int taps, int run,
                 const float *weights, const float *scale, const float *bias, float *out, int out_image,
                 int out_row, int out_pixel, const float *addend, int n, int height, int width, int c_out) {
  Walk walk = {in, in_image, in_row, in_pixel, tap_row, taps, run, out, out_image, out_row, out_pixel,
               n,  height,   width};
  all_channels(walk, addend, weights, scale, bias, c_out);
}

// ---- 3×3 convolutions by Winograd's F(4×4, 3×3) (Lavin & Gray, 2016) --------------------------------------
// Of a tile of 4×4 output pixels, 36 products of (tiles × c_in) and (c_in × c_out) matrices replace 144.

// Bᵀd
INLINE void input_transform(f32x4 d[6]) {
  f32x4 a = mul_add(all(-4.f), d[2], d[4]), b = mul_add(all(-4.f), d[1], d[3]);
  f32x4 c = sub(d[4], d[2]), e = mul(all(2.f), sub(d[3], d[1]));
  f32x4 first = mul_add(all(-5.f), d[2], mul_add(all(4.f), d[0], d[4]));
  f32x4 last = mul_add(all(-5.f), d[3], mul_add(all(4.f), d[1], d[5]));
  d[0] = first, d[1] = add(a, b), d[2] = sub(a, b), d[3] = add(c, e), d[4] = sub(c, e), d[5] = last;
}

// Aᵀm
INLINE void output_transform(const f32x4 m[6], f32x4 y[4]) {
  f32x4 a = add(m[1], m[2]), b = sub(m[1], m[2]), c = add(m[3], m[4]), d = sub(m[3], m[4]);
  y[0] = add(m[0], add(a, c));
  y[1] = mul_add(all(2.f), d, b);
  y[2] = mul_add(all(4.f), c, a);
  y[3] = add(mul_add(all(8.f), d, b), m[5]);
}

// Gg
INLINE void weight_transform(const f32x4 g[3], f32x4 u[6]) {
  f32x4 outer = add(g[0], g[2]), sixth = all(-1.f / 6);
  u[0] = mul(all(.25f), g[0]);
  u[1] = mul(sixth, add(outer, g[1]));
  u[2] = mul(sixth, sub(outer, g[1]));
  f32x4 even = mul_add(all(1.f / 24), g[0], mul(all(1.f / 6), g[2])), odd = mul(all(1.f / 12), g[1]);
  u[3] = add(even, odd);
  u[4] = sub(even, odd);
  u[5] = g[2];
}

// Weights of a 3×3 convolution as `convolve` takes them → [36][c_out / 8][c_in][8].
EXPORT(winograd_weights)(const float *weights, float *out, int c_in, int c_out) {
  for (int c = 0; c < c_out; c += 8) {
    int block = c + 8 <= c_out ? 8 : 4;
    for (int i = 0; i < c_in; i++)
      for (int o = 0; o < block; o += 4) {
        f32x4 half[3][6];
        for (int x = 0; x < 3; x++) {
          f32x4 g[3];
          for (int y = 0; y < 3; y++) g[y] = load(weights + (c * 9 + (3 * y + x) * block) * c_in + i * block + o);
          weight_transform(g, half[x]);
        }
        for (int y = 0; y < 6; y++) {
          f32x4 g[3] = {half[0][y], half[1][y], half[2][y]}, u[6];
          weight_transform(g, u);
          for (int x = 0; x < 6; x++) store(out + ((6 * y + x) * c_out + c) * c_in + i * block + o, u[x]);
        }
      }
  }
}

// As `convolve` for a 3×3 convolution of stride 1 from a bordered map; `in` is its first border pixel, and it
// reaches 4⌈height/4⌉ + 2 rows down and 4⌈width/4⌉ + 2 pixels across.
// scratch: room for 36 · n · ⌈height/4⌉ · ⌈width/4⌉ · (c_in + c_out) floats.
EXPORT(winograd)(const float *in, int in_image, int in_row, int c_in, const float *weights, const float *scale,
                 const float *bias, float *out, int out_image, int out_row, int c_out, const float *addend,
                 int n, int height, int width, float *scratch) {
  int down = (height + 3) / 4, across = (width + 3) / 4, tiles = n * down * across;
  float *transformed = scratch, *products = scratch + 36 * tiles * c_in;
  for (int i = 0, tile = 0; i < n; i++)
    for (int ty = 0; ty < down; ty++)
      for (int tx = 0; tx < across; tx++, tile++)
        for (int k = 0; k < c_in; k += 4) {
          const float *corner = in + i * in_image + 4 * ty * in_row + 4 * tx * c_in + k;
          f32x4 d[6][6];
          UNROLL for (int y = 0; y < 6; y++) {
            UNROLL for (int x = 0; x < 6; x++) d[y][x] = load(corner + y * in_row + x * c_in);
            input_transform(d[y]);
          }
          UNROLL for (int x = 0; x < 6; x++) {
            f32x4 column[6];
            UNROLL for (int y = 0; y < 6; y++) column[y] = d[y][x];
            input_transform(column);
            UNROLL for (int y = 0; y < 6; y++)
              store(transformed + ((6 * y + x) * tiles + tile) * c_in + k, column[y]);
          }
        }
  for (int p = 0; p < 36; p++) {
    Walk walk = {transformed + p * tiles * c_in, 0, 0, c_in, 0, 1, c_in, products + p * tiles * c_out, 0, 0,
                 c_out, 1, 1, tiles};
    all_channels(walk, 0, weights + p * c_in * c_out, 0, 0, c_out);
  }
  for (int i = 0, tile = 0; i < n; i++)
    for (int ty = 0; ty < down; ty++)
      for (int tx = 0; tx < across; tx++, tile++)
        for (int k = 0; k < c_out; k += 4) {
          f32x4 half[6][4], s = load(scale + k), b = load(bias + k);
          UNROLL for (int y = 0; y < 6; y++) {
            f32x4 row[6];
            UNROLL for (int x = 0; x < 6; x++)
              row[x] = load(products + ((6 * y + x) * tiles + tile) * c_out + k);
            output_transform(row, half[y]);
          }
          int rows = height - 4 * ty, columns = width - 4 * tx;
          UNROLL for (int x = 0; x < 4; x++) {
            f32x4 column[6], result[4];
            UNROLL for (int y = 0; y < 6; y++) column[y] = half[y][x];
            output_transform(column, result);
            UNROLL for (int y = 0; y < 4; y++) {
              if (x >= columns || y >= rows) continue;
              int at = i * out_image + (4 * ty + y) * out_row + (4 * tx + x) * c_out + k;
              f32x4 value = mul_add(result[y], s, b);
              store(out + at, addend ? add(value, load(addend + at)) : value);
            }
          }
        }
}

// ---- From map to map --------------------------------------------------------------------------------------

INLINE void spread_as(const float *in, float *out, int out_image, int out_row, int out_pixel, int n, int height,
                      int width, int c, const int activation, int out_height, int out_width) {
  float down = (float)height / (float)out_height, across = (float)width / (float)out_width;
  for (int i = 0; i < n; i++)
    for (int y = 0; y < out_height; y++) {
      const float *row = in + (i * height + (int)((float)y * down)) * width * c;
      for (int x = 0; x < out_width; x++) {
        const float *from = row + (int)((float)x * across) * c;
        float *to = out + i * out_image + y * out_row + x * out_pixel;
        for (int k = 0; k < c; k += 4) store(to + k, activated(load(from + k), activation));
      }
    }
}

// in (n, height, width, c), activated, to out_height × out_width pixels, each that of the nearest smaller index.
EXPORT(spread)(const float *in, float *out, int out_image, int out_row, int out_pixel, int n, int height,
               int width, int c, int activation, int out_height, int out_width) {
#define AS(f) spread_as(in, out, out_image, out_row, out_pixel, n, height, width, c, f, out_height, out_width)
  BY_ACTIVATION(AS)
#undef AS
}

INLINE void shuffle_as(const float *in, float *out, int out_image, int out_row, int out_pixel, int n, int height,
                       int width, int c, const int activation) {
  for (int i = 0; i < n; i++)
    for (int y = 0; y < height; y++)
      for (int x = 0; x < width; x++)
        for (int dy = 0; dy < 2; dy++)
          for (int dx = 0; dx < 2; dx++) {
            float *to = out + i * out_image + (2 * y + dy) * out_row + (2 * x + dx) * out_pixel;
            for (int k = 0; k < c; k += 4, in += 4) store(to + k, activated(load(in), activation));
          }
}

// Pixel shuffle by 2, activated: in (n, height, width, [2][2][c]) → pixel (2y + dy, 2x + dx) of `out`.
EXPORT(shuffle)(const float *in, float *out, int out_image, int out_row, int out_pixel, int n, int height,
                int width, int c, int activation) {
#define AS(f) shuffle_as(in, out, out_image, out_row, out_pixel, n, height, width, c, f)
  BY_ACTIVATION(AS)
#undef AS
}

// ---- Gaussians and pictures -------------------------------------------------------------------------------

// m rows of (mean [c], log_std [c]): log_std ↦ 5 tanh(log_std / 5), in place.
EXPORT(bound)(float *raw, int m, int c) {
  for (int i = 0; i < m; i++, raw += 2 * c)
    for (int k = c; k < 2 * c; k += 4) {
      f32x4 e = exponential(mul(load(raw + k), all(.4f)));
      store(raw + k, quotient(mul(all(5.f), sub(e, all(1.f))), add(e, all(1.f))));
    }
}

// z [m][c] = mean + temperature · e^log_std · noise, for m rows of (mean [c], log_std [c]) and noise [m][c].
EXPORT(draw)(const float *gaussians, const float *noise, float *z, int m, int c, float temperature) {
  for (int i = 0; i < m; i++, gaussians += 2 * c)
    for (int k = 0; k < c; k += 4, noise += 4, z += 4) {
      f32x4 std = mul(exponential(load(gaussians + c + k)), all(temperature));
      store(z, mul_add(std, load(noise), load(gaussians + k)));
    }
}

// Logits (n, height, width, [c][2][2]) → pixel means (n, c, 2·height, 2·width), and RGBA bytes
// (n, 2·height, 2·width): grey where c = 1, the first three channels otherwise.
EXPORT(paint)(const float *logits, float *means, uint32_t *rgba, int n, int height, int width, int c) {
  for (int i = 0; i < n; i++)
    for (int y = 0; y < height; y++)
      for (int x = 0; x < width; x++) {
        int corner = 2 * y * 2 * width + 2 * x, area = 4 * height * width;
        f32x4 pixel = wasm_i32x4_const_splat(0xff000000);
        for (int k = 0; k < c; k++, logits += 4) {
          f32x4 mean = sigmoid(load(logits));
          float *to = means + (i * c + k) * area + corner;
          wasm_v128_store64_lane(to, mean, 0);
          wasm_v128_store64_lane(to + 2 * width, mean, 1);
          f32x4 byte = wasm_i32x4_trunc_sat_f32x4(wasm_f32x4_nearest(mul(mean, all(255.f))));
          if (c == 1)
            pixel = wasm_v128_or(pixel, wasm_i32x4_mul(byte, wasm_i32x4_splat(0x010101)));
          else if (k < 3)
            pixel = wasm_v128_or(pixel, wasm_i32x4_shl(byte, 8 * k));
        }
        wasm_v128_store64_lane(rgba + i * area + corner, pixel, 0);
        wasm_v128_store64_lane(rgba + i * area + corner + 2 * width, pixel, 1);
      }
}
