/* The architecture `residual`: hvae/layers.py on the kernels. Any L ≥ 1, both forms of inference.

   A network works on at most `batch` images at a time, in buffers of its own that are laid out once: running it
   allocates nothing. It belongs to a config; `use` says whose weights it has. */

import { LinearMap, Order, padded } from "./packing.js";
import { mergeWithPrior, relateToPrior } from "./gaussian.js";

const IDENTITY = 0, SILU = 1;

/** Below this many input channels the transforms cost more than they save. */
const WINOGRAD_FROM = 16;

/** Why this network cannot be built from a config; undefined where it can. */
export function unbuildable(config) {
  return config.width % 2 ? "its width is odd" : undefined;
}

/** The linear maps by torch's names, in the order of `HVAE.named_modules()`. */
export function maps(config) {
  const { width, channels, topDim, layers, inference } = config;
  const [colours] = config.imageShape;
  const all = [];
  const three = (name, cIn, rows, { stride = 1, pad = padded } = {}) => {
    const winograd = stride === 1 && pad(cIn) >= WINOGRAD_FROM;
    all.push(new LinearMap(name, rows, new Order([cIn], 9, pad), { taps: 3, winograd }));
  };
  const one = (name, parts, rows) => all.push(new LinearMap(name, rows, new Order(parts)));
  const linear = (name, rows, columns) => all.push(new LinearMap(name, rows, columns, { taps: 0 }));
  const hidden = new Order([width]), gaussian = new Order([channels, channels]);
  const block = (name) => {
    three(`${name}.conv1`, width, hidden);
    three(`${name}.conv2`, width, hidden);
  };

  three("bottom_up.stem.0", colours, new Order([width / 2]), { stride: 2, pad: (count) => count });
  three("bottom_up.stem.2", width / 2, hidden, { stride: 2 });
  block("bottom_up.stem.3");
  for (let down = 1; down < config.scales.length; down++) three(`bottom_up.downs.${down - 1}`, width, hidden, { stride: 2 });
  for (let layer = 1; layer < layers; layer++) {
    const name = `layers.${layer - 1}`;
    one(`${name}.prior_head`, [width], gaussian);
    if (inference === "generalized") {
      one(`${name}.merge`, [width, width], hidden);
      three(`${name}.conv`, width, hidden);
    }
    one(`${name}.posterior_head`, [width], gaussian);
  }
  const [height, wide] = config.scales.at(-1), laidOut = new Order([width], height * wide);
  linear(`layers.${layers - 1}.posterior_head`, new Order([topDim, topDim]), laidOut);
  for (let layer = 1; layer <= layers; layer++) {
    const name = `grow.${layer - 1}`;
    if (layer < layers) three(`${name}.embed`, channels, hidden);
    else linear(`${name}.embed`, laidOut, new Order([topDim]));
    block(`${name}.block`);
  }
  three("picture_head.up", width, new Order([width / 2], 4));
  three("picture_head.out", width / 2, new Order([4 * colours]));
  return all;
}

/* Buffers for `batch` images; place(count): the address of that many floats. */
function buffers(config, batch, place) {
  const [colours, height, wide] = config.imageShape;
  const { layers, scales } = config;
  const width = padded(config.width), half = padded(config.width / 2);
  const channels = padded(config.channels), top = padded(config.topDim);
  const shared = new Map();
  const map = (h, w, c) => ({ at: place(batch * h * w * c), h, w, c });
  /* A map with a border of zeros, up to whole tiles of Winograd's; one for each shape, none of which is kept. */
  const bordered = (h, w, c) => {
    const key = `${h} ${w} ${c}`;
    if (!shared.has(key)) {
      const row = (4 * Math.ceil(w / 4) + 2) * c, image = (4 * Math.ceil(h / 4) + 2) * row;
      const at = place(batch * image);
      shared.set(key, { at, inner: at + 4 * (row + c), h, w, c, row, image });
    }
    return shared.get(key);
  };
  const atScales = (make) => scales.map(([h, w]) => make(h, w));
  /* Of each layer's latent, or the Gaussian that it is drawn from; `used`: channels that are not padding. */
  const ofLayers = (numbers) =>
    Array.from({ length: layers }, (_, i) =>
      i < layers - 1
        ? { ...map(...scales[i], numbers * channels), used: config.channels }
        : { ...map(1, 1, numbers * top), used: config.topDim });
  const [h, w] = scales[0];
  const tiles = (h, w) => Math.ceil(h / 4) * Math.ceil(w / 4);
  const fine = tiles(h, w) * Math.max(width + 4 * half, channels + width);
  const finest = tiles(2 * h, 2 * w) * (half + 4 * colours);
  return {
    image: bordered(height, wide, colours),
    stem: map(height / 2, wide / 2, half),
    stemBordered: bordered(height / 2, wide / 2, half),
    features: atScales((h, w) => map(h, w, width)),
    contexts: atScales((h, w) => map(h, w, width)),
    hidden: atScales((h, w) => map(h, w, width)),
    inner: atScales((h, w) => map(h, w, width)),
    activated: atScales((h, w) => map(h, w, width)),
    pair: atScales((h, w) => map(h, w, 2 * width)),
    bordered: atScales((h, w) => bordered(h, w, width)),
    latentBordered: scales.slice(0, layers - 1).map(([h, w]) => bordered(h, w, channels)),
    priors: ofLayers(2),
    posteriors: ofLayers(2),
    noise: ofLayers(1),
    latents: ofLayers(1),
    up: map(h, w, 4 * half),
    upBordered: bordered(2 * h, 2 * w, half),
    logits: map(2 * h, 2 * w, 4 * colours),
    means: place(batch * config.pixels),
    rgba: place(batch * height * wide),
    scratch: place(36 * batch * Math.max(fine, finest)),
  };
}

/** Floats that a network for `batch` images works on. */
export function workingSize(config, batch) {
  let size = 0;
  buffers(config, batch, (count) => {
    size += 16 * Math.ceil(count / 16);
    return 0;
  });
  return size;
}

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

  /** Give the buffers' memory back; the network cannot be used any more. */
  close() {
    this.#heap.free(this.#room);
  }

  /** Have the weights at `weights` and scales and biases at `affine`, as `Packing` wrote them. */
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

  /** Features of the images that were taken, for every layer. */
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
    const scale = layer - 1, maps = this.#maps.layers[scale];
    const prior = this.priors[scale], posterior = this.posteriors[scale];
    const { features, contexts, activated, pair, bordered, inner } = this.#buffers;
    if (layer === this.config.layers) {
      const coarsest = features.length - 1;
      this.#activate(features[coarsest], activated[coarsest].at, features[coarsest].c, n);
      this.#rows(maps.posterior, activated[coarsest].at, posterior.at, n);
      this.#kernels.bound(posterior.at, n, posterior.c / 2);
      return;
    }
    const { floats } = this.#heap, { at, h, w } = posterior, channels = posterior.c / 2;
    if (this.config.inference === "ladder") {
      this.#head(maps.posterior, features[scale], scale, posterior, n);
      mergeWithPrior(floats, at / 4, prior.at / 4, n * h * w, channels);
      return;
    }
    const both = pair[scale], merged = inner[scale];
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
    const maps = this.#maps.grow[layer - 1], z = this.latents[layer - 1];
    const isVector = layer === this.config.layers;
    const scale = isVector ? hidden.length - 1 : layer - 1, from = hidden[scale];
    if (isVector) this.#rows(maps.embed, z.at, from.at, n);
    else {
      this.#spread(z, latentBordered[scale], n, IDENTITY);
      // Layer 1 grows into the picture, which knows of z₁ alone.
      this.#convolve(maps.embed, latentBordered[scale], from, n, 1, layer > 1 ? contexts[scale].at : 0);
    }
    let x = from;
    if (from.h !== to.h || from.w !== to.w) {
      x = to;
      this.#kernels.spread(from.at, to.at, to.h * to.w * to.c, to.w * to.c, to.c, n, from.h, from.w, from.c, IDENTITY, to.h, to.w);
      // Activated before it is spread, not once for each copy.
      this.#activate(from, from.at, from.c, n);
      this.#spread(from, bordered[target], n, IDENTITY);
    } else this.#spread(from, bordered[target], n, SILU);
    this.#residual(maps.block, x, to, target, n);
  }

  /* to = x + conv2(silu(conv1(silu(x)))), where silu(x) is in the scale's bordered map; `to` may be x. */
  #residual(maps, x, to, scale, n) {
    const bordered = this.#buffers.bordered[scale], inner = this.#buffers.inner[scale];
    this.#convolve(maps.conv1, bordered, inner, n, 1);
    this.#spread(inner, bordered, n, SILU);
    this.#convolve(maps.conv2, bordered, to, n, 1, x.at);
  }

  /* A Gaussian (mean, log_std), bounded, from a map that is not activated yet. */
  #head(map, x, scale, to, n) {
    const activated = this.#buffers.activated[scale], count = n * x.h * x.w;
    this.#activate(x, activated.at, x.c, n);
    this.#rows(map, activated.at, to.at, count);
    this.#kernels.bound(to.at, count, to.c / 2);
  }

  /* A 3×3 convolution of a bordered map. addend: the address of what is added, laid out as `to`; 0 for none. */
  #convolve(map, from, to, n, stride, addend = 0) {
    const weights = this.#weights + map.start, scale = this.#affine + map.scale, bias = this.#affine + map.bias;
    const row = to.w * to.c, image = to.h * row;
    if (map.winograd)
      this.#kernels.winograd(from.at, from.image, from.row, from.c, weights, scale, bias, to.at, image, row, to.c,
                             addend, n, to.h, to.w, this.#buffers.scratch);
    else
      this.#kernels.convolve(from.at, from.image, stride * from.row, stride * from.c, from.row, 3, 3 * from.c, weights,
                             scale, bias, to.at, image, row, to.c, addend, n, to.h, to.w, to.c);
  }

  /* A linear map, or a 1×1 convolution, of `count` rows that follow each other. */
  #rows(map, from, to, count) {
    this.#kernels.convolve(from, 0, 0, map.run, 0, 1, map.run, this.#weights + map.start, this.#affine + map.scale,
                           this.#affine + map.bias, to, 0, 0, map.cOut, 0, 1, 1, count, map.cOut);
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

/* The maps of each part of the network, and where its numbers begin: in bytes from its weights, and from its affine
   numbers. */
function mapsByPart({ layers, scales }, packing) {
  const places = new Map(
    packing.maps.map((map) => {
      const scale = 4 * packing.affineStarts.get(map), { run, cOut, winograd } = map;
      return [map.name, { run, cOut, winograd, start: 4 * packing.starts.get(map), scale, bias: scale + 4 * cOut }];
    }),
  );
  const named = (name) => places.get(name);
  const block = (name) => ({ conv1: named(`${name}.conv1`), conv2: named(`${name}.conv2`) });
  const ofLayers = (make) => Array.from({ length: layers }, (_, i) => make(i));
  return {
    bottomUp: {
      first: named("bottom_up.stem.0"),
      second: named("bottom_up.stem.2"),
      block: block("bottom_up.stem.3"),
      downs: scales.slice(1).map((_, i) => named(`bottom_up.downs.${i}`)),
    },
    layers: ofLayers((i) => ({
      prior: named(`layers.${i}.prior_head`),
      merge: named(`layers.${i}.merge`),
      conv: named(`layers.${i}.conv`),
      posterior: named(`layers.${i}.posterior_head`),
    })),
    grow: ofLayers((i) => ({ embed: named(`grow.${i}.embed`), block: block(`grow.${i}.block`) })),
    head: { up: named("picture_head.up"), out: named("picture_head.out") },
  };
}
