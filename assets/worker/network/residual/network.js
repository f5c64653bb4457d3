/* The architecture `residual`: hvae/architectures/residual.py on the kernels. Any L ≥ 1, both forms of inference.

   A network works on at most `batch` images at a time, in buffers of its own that are laid out once: running it
   allocates nothing. It belongs to a config; `use` says whose weights it has. */

import { mergeWithPrior, relateToPrior } from "../gaussian.js";
import { buffers, workingSize } from "./buffers.js";
import { mapsByPart } from "./maps.js";

/** Functions of one number, by what the kernels call them. */
const IDENTITY = 0;
const SILU = 1;

export class ResidualNetwork {
  #kernels;
  #heap;
  #maps;
  #buffers;
  #room;
  #weights = 0;
  #affine = 0;

  constructor(kernels, heap, config, batch, packing) {
    this.#kernels = kernels;
    this.#heap = heap;
    this.config = config;
    this.batch = batch;
    this.#maps = mapsByPart(config, packing);
    this.#room = heap.allocate(workingSize(config, batch));
    let end = this.#room;
    this.#buffers = buffers(config, batch, (count) => {
      const at = end;
      end += 64 * Math.ceil(count / 16);
      return at;
    });
    const { priors, posteriors, noise, latents, means, rgba, logits } = this.#buffers;
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
    this.#heap.free(this.#room);
  }

  /** Use the weights at `weights`, and the scales and biases at `affine`, as `Packing` wrote them. */
  use(weights, affine) {
    this.#weights = weights;
    this.#affine = affine;
  }

  /** Take images `from` … `from + n` of uint8 (N, C, H, W). */
  takeImages(images, from, n) {
    const { inner, row, image, c, h, w } = this.#buffers.image;
    const { floats } = this.#heap;
    let at = from * c * h * w;
    for (let i = 0; i < n; i++)
      for (let k = 0; k < c; k++)
        for (let y = 0; y < h; y++) {
          let to = inner / 4 + i * image + y * row + k;
          for (let x = 0; x < w; x++, to += c) floats[to] = images[at++] / 255;
        }
  }

  /** Features of the present images, for every layer. */
  bottomUp(n) {
    const { image, stem, stemBordered, features, bordered } = this.#buffers;
    const { bottomUp } = this.#maps;
    this.#convolve(bottomUp.first, image, stem, n, 2);
    this.#spread(stem, stemBordered, n, SILU);
    this.#convolve(bottomUp.second, stemBordered, features[0], n, 2);
    this.#spread(features[0], bordered[0], n, SILU);
    this.#residual(bottomUp.block, features[0], features[0], 0, n);
    for (let down = 1; down < features.length; down++) {
      this.#spread(features[down - 1], bordered[down - 1], n, SILU);
      this.#convolve(bottomUp.downs[down - 1], bordered[down - 1], features[down], n, 2);
    }
  }

  /** The prior of a layer, given the context that `grow` of the layer above left; that of the top one is N(0, I). */
  prior(layer, n) {
    if (layer === this.config.layers) return;
    const scale = layer - 1;
    this.#head(this.#maps.layers[scale].prior, this.#buffers.contexts[scale], scale, this.priors[scale], n);
  }

  /** The posterior of a layer, given its features, context and prior. */
  posterior(layer, n) {
    const scale = layer - 1,
      maps = this.#maps.layers[scale];
    const prior = this.priors[scale],
      posterior = this.posteriors[scale];
    const { features, contexts, activated, pair, bordered, inner } = this.#buffers;
    if (layer === this.config.layers) {
      const coarsest = features.length - 1;
      this.#activate(features[coarsest], activated[coarsest].at, features[coarsest].c, n);
      this.#rows(maps.posterior, activated[coarsest].at, posterior.at, n);
      this.#kernels.bound(posterior.at, n, posterior.c / 2);
      return;
    }
    const { floats } = this.#heap,
      { at, h, w } = posterior,
      channels = posterior.c / 2;
    if (this.config.inference === "ladder") {
      this.#head(maps.posterior, features[scale], scale, posterior, n);
      mergeWithPrior(floats, at / 4, prior.at / 4, n * h * w, channels);
      return;
    }
    const both = pair[scale],
      merged = inner[scale];
    this.#activate(features[scale], both.at, both.c, n);
    this.#activate(contexts[scale], both.at + 2 * both.c, both.c, n);
    this.#rows(maps.merge, both.at, merged.at, n * h * w);
    this.#spread(merged, bordered[scale], n, SILU);
    this.#convolve(maps.conv, bordered[scale], merged, n, 1);
    this.#head(maps.posterior, merged, scale, posterior, n);
    relateToPrior(floats, at / 4, prior.at / 4, n * h * w, channels);
  }

  /** z of a layer from `gaussians`, its priors or posteriors, and the noise that was put into its place. */
  draw(gaussians, layer, temperature, n) {
    const { at, h, w, c } = this.latents[layer - 1];
    this.#kernels.draw(gaussians[layer - 1].at, this.noise[layer - 1].at, at, n * h * w, c, temperature);
  }

  /** From z of layer ℓ > 1, and the context of that layer, to the context of the layer below. */
  grow(layer, n) {
    this.#grow(layer, this.#buffers.contexts[layer - 2], layer - 2, n);
  }

  /** From z₁ to logits. */
  picture(n) {
    const { hidden, bordered, up, upBordered, logits } = this.#buffers;
    this.#grow(1, hidden[0], 0, n);
    this.#spread(hidden[0], bordered[0], n, SILU);
    this.#convolve(this.#maps.head.up, bordered[0], up, n, 1);
    const { inner, image, row, c } = upBordered;
    this.#kernels.shuffle(up.at, inner, image, row, c, n, up.h, up.w, c);
    this.#convolve(this.#maps.head.out, upBordered, logits, n, 1);
  }

  /** From logits to pixel means and bytes. */
  paint(n) {
    const { at, h, w, c } = this.logits;
    this.#kernels.paint(at, this.means, this.rgba, n, h, w, c / 4);
  }

  /* To a map of the scale `target`. */
  #grow(layer, to, target, n) {
    const { hidden, contexts, latentBordered, bordered } = this.#buffers;
    const maps = this.#maps.grow[layer - 1],
      z = this.latents[layer - 1];
    const isVector = layer === this.config.layers;
    const scale = isVector ? hidden.length - 1 : layer - 1,
      from = hidden[scale];
    if (isVector) this.#rows(maps.embed, z.at, from.at, n);
    else {
      this.#spread(z, latentBordered[scale], n, IDENTITY);
      // Layer 1 grows into the picture, which knows of z₁ alone.
      this.#convolve(maps.embed, latentBordered[scale], from, n, 1, layer > 1 ? contexts[scale].at : 0);
    }
    let x = from;
    if (from.h !== to.h || from.w !== to.w) {
      x = to;
      this.#kernels.spread(
        from.at,
        to.at,
        to.h * to.w * to.c,
        to.w * to.c,
        to.c,
        n,
        from.h,
        from.w,
        from.c,
        IDENTITY,
        to.h,
        to.w,
      );
      // Activated before it is spread, not once for each copy.
      this.#activate(from, from.at, from.c, n);
      this.#spread(from, bordered[target], n, IDENTITY);
    } else this.#spread(from, bordered[target], n, SILU);
    this.#residual(maps.block, x, to, target, n);
  }

  /* to = x + conv2(silu(conv1(silu(x)))), where silu(x) is in the scale's bordered map; `to` may be x. */
  #residual(maps, x, to, scale, n) {
    const bordered = this.#buffers.bordered[scale],
      inner = this.#buffers.inner[scale];
    this.#convolve(maps.conv1, bordered, inner, n, 1);
    this.#spread(inner, bordered, n, SILU);
    this.#convolve(maps.conv2, bordered, to, n, 1, x.at);
  }

  /* A Gaussian (mean, log_std), bounded, from a map that is not activated yet. */
  #head(map, x, scale, to, n) {
    const activated = this.#buffers.activated[scale],
      count = n * x.h * x.w;
    this.#activate(x, activated.at, x.c, n);
    this.#rows(map, activated.at, to.at, count);
    this.#kernels.bound(to.at, count, to.c / 2);
  }

  /* A 3×3 convolution of a bordered map. addend: the address of what is added, laid out as `to`; 0 for none. */
  #convolve(map, from, to, n, stride, addend = 0) {
    const weights = this.#weights + map.start,
      scale = this.#affine + map.scale,
      bias = this.#affine + map.bias;
    const row = to.w * to.c,
      image = to.h * row;
    if (map.winograd)
      this.#kernels.winograd(
        from.at,
        from.image,
        from.row,
        from.c,
        weights,
        scale,
        bias,
        to.at,
        image,
        row,
        to.c,
        addend,
        n,
        to.h,
        to.w,
        this.#buffers.scratch,
      );
    else
      this.#kernels.convolve(
        from.at,
        from.image,
        stride * from.row,
        stride * from.c,
        from.row,
        3,
        3 * from.c,
        weights,
        scale,
        bias,
        to.at,
        image,
        row,
        to.c,
        addend,
        n,
        to.h,
        to.w,
        to.c,
      );
  }

  /* A linear map, or a 1×1 convolution, of `count` rows that follow each other. */
  #rows(map, from, to, count) {
    this.#kernels.convolve(
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
      0,
      1,
      1,
      count,
      map.cOut,
    );
  }

  /* Into a bordered map, as large as x or larger. */
  #spread(x, to, n, activation) {
    this.#kernels.spread(x.at, to.inner, to.image, to.row, to.c, n, x.h, x.w, x.c, activation, to.h, to.w);
  }

  /* silu(x), to pixels that are `pixel` floats apart. */
  #activate({ at, h, w, c }, to, pixel, n) {
    this.#kernels.spread(at, to, h * w * pixel, w * pixel, pixel, n, h, w, c, SILU, h, w);
  }
}
