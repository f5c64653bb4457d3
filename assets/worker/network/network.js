/* What the networks of all architectures have in common: their memory, and the steps from one map to another.

   A network works on at most `batch` images at a time, in buffers of its own that are laid out once: running it
   allocates nothing. It belongs to a config; `use` says whose weights it has. An architecture's class adds, for n images:

     bottomUp(n)          features of the present images, for every layer
     prior(layer, n)      the prior of a layer, given what the layers above left; that of the top one is N(0, I)
     posterior(layer, n)  the posterior of a layer, given its features, its context and its prior
     grow(layer, n)       from z of layer ℓ > 1 to the context of the layer below
     picture(n)           from z₁, and its context where there is a direct path, to logits */

import { buffersFrom, workingSize } from "./layout.js";

/** Functions of one number, by what the kernels call them. */
export const IDENTITY = 0;
export const SILU = 1;
export const RELU = 2;

export class Network {
  #room;
  #weights = 0;
  #affine = 0;
  #places;

  /** buffers(config, layout): the maps that the architecture needs, those of `Layout.common` among them. */
  constructor(kernels, heap, config, batch, packing, buffers) {
    this.kernels = kernels;
    this.heap = heap;
    this.config = config;
    this.batch = batch;
    this.#places = placesOf(packing);
    this.#room = heap.allocate(workingSize(buffers, config, batch));
    this.buffers = buffersFrom(this.#room, buffers, config, batch);
    const { priors, posteriors, noise, latents, means, rgba, logits } = this.buffers;
    /** Where latents lie, and the Gaussians (mean, log_std) that they are drawn from: maps (n, h, w, c) of each layer,
        layer 1 first. */
    this.priors = priors;
    this.posteriors = posteriors;
    this.latents = latents;
    this.noise = noise;
    /** (n, H/2, W/2, [C][2][2]), (n, C, H, W) and RGBA (n, H, W). */
    this.logits = logits;
    this.means = means;
    this.rgba = rgba;
  }

  /** Free the buffers' memory. Afterwards the network cannot be used. */
  close() {
    this.heap.free(this.#room);
  }

  /** Use the weights at `weights`, and the scales and biases at `affine`, as `Packing` wrote them. */
  use(weights, affine) {
    this.#weights = weights;
    this.#affine = affine;
  }

  /** Take images `from` … `from + n` of uint8 (N, C, H, W). */
  takeImages(images, from, n) {
    const { inner, row, image, c, h, w } = this.buffers.image;
    const { floats } = this.heap;
    let at = from * c * h * w;
    for (let i = 0; i < n; i++)
      for (let k = 0; k < c; k++)
        for (let y = 0; y < h; y++) {
          let to = inner / 4 + i * image + y * row + k;
          for (let x = 0; x < w; x++, to += c) floats[to] = images[at++] / 255;
        }
  }

  /** z of a layer from `gaussians`, its priors or posteriors, and the noise that was put into its place. */
  draw(gaussians, layer, temperature, n) {
    const { at, h, w, c } = this.latents[layer - 1];
    this.kernels.draw(gaussians[layer - 1].at, this.noise[layer - 1].at, at, n * h * w, c, temperature);
  }

  /** From logits to pixel means and bytes. */
  paint(n) {
    const { at, h, w, c } = this.logits;
    this.kernels.paint(at, this.means, this.rgba, n, h, w, c / 4);
  }

  /** A linear map by torch's name, as the steps below take it; undefined if the network has none of that name. */
  named(name) {
    return this.#places.get(name);
  }

  /** A convolution of a map with a border. addend: the address of what is added, laid out as `to`; 0 for none. */
  convolve(map, from, to, n, stride = 1, addend = 0) {
    const weights = this.#weights + map.start,
      scale = this.#affine + map.scale,
      bias = this.#affine + map.bias;
    if (map.winograd)
      this.kernels.winograd(
        from.at,
        from.image,
        from.row,
        from.c,
        weights,
        scale,
        bias,
        to.at,
        to.image,
        to.row,
        to.c,
        addend,
        n,
        to.h,
        to.w,
        this.buffers.scratch,
      );
    else
      this.kernels.convolve(
        from.at,
        from.image,
        stride * from.row,
        stride * from.c,
        from.row,
        map.taps,
        map.run,
        weights,
        scale,
        bias,
        to.at,
        to.image,
        to.row,
        to.c,
        addend,
        n,
        to.h,
        to.w,
        to.c,
      );
  }

  /** A linear map, or a 1×1 convolution, of `count` rows that follow each other; addresses. addend: as in `convolve`. */
  rows(map, from, to, count, addend = 0) {
    this.kernels.convolve(
      from,
      0,
      0,
      map.run,
      0,
      1,
      map.run,
      this.#weights + map.start,
      this.#affine + map.scale,
      this.#affine + map.bias,
      to,
      0,
      0,
      map.cOut,
      addend,
      1,
      1,
      count,
      map.cOut,
    );
  }

  /** x, activated, to another map, or in place: as large as x, or larger, with pixels repeated. */
  spread(x, to, n, activation) {
    this.kernels.spread(x.at, to.inner, to.image, to.row, to.c, n, x.h, x.w, x.c, activation, to.h, to.w);
  }

  /** x, four channels for each of `to`, to twice as many rows and columns, activated. */
  shuffle(x, to, n, activation) {
    this.kernels.shuffle(x.at, to.inner, to.image, to.row, to.c, n, x.h, x.w, x.c / 4, activation);
  }
}

/* By a map's name: its sizes, and where its numbers begin, in bytes from the weights, and from the affine numbers. */
function placesOf(packing) {
  return new Map(
    packing.maps.map((map) => {
      const { name, taps, run, cOut, winograd } = map,
        scale = 4 * packing.affineStarts.get(map);
      const start = 4 * packing.starts.get(map);
      return [name, { taps, run, cOut, winograd, start, scale, bias: scale + 4 * cOut }];
    }),
  );
}
