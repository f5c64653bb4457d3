/* The architecture `residual`: hvae/architectures/residual.py on the kernels. Any L ≥ 1, both forms of inference. */

import { IDENTITY, SILU } from "../network.js";
import { NetworkOfBlocks } from "./layers.js";

export class ResidualNetwork extends NetworkOfBlocks {
  #maps;

  constructor(...about) {
    super(...about);
    const { layers, scales } = this.config;
    const ofLayers = (make) => Array.from({ length: layers }, (_, i) => make(i + 1));
    this.#maps = {
      bottomUp: {
        first: this.named("bottom_up.stem.0"),
        second: this.named("bottom_up.stem.2"),
        block: this.namedBlock("bottom_up.stem.3"),
        downs: scales.slice(1).map((_, i) => this.named(`bottom_up.downs.${i}`)),
      },
      layers: ofLayers((layer) => this.namedLayer(layer)),
      grow: ofLayers((layer) => ({
        embed: this.named(`grow.${layer - 1}.embed`),
        block: this.namedBlock(`grow.${layer - 1}.block`),
      })),
      head: { up: this.named("picture_head.up"), out: this.named("picture_head.out") },
    };
  }

  bottomUp(n) {
    const { image, stem, stemBordered, levels } = this.buffers,
      { bottomUp } = this.#maps;
    const finest = levels[0];
    this.convolve(bottomUp.first, image, stem, n, 2);
    this.spread(stem, stemBordered, n, SILU);
    this.convolve(bottomUp.second, stemBordered, finest.features, n, 2);
    this.spread(finest.features, finest.bordered, n, SILU);
    this.block(bottomUp.block, finest.features, finest.features, finest, n);
    for (let down = 1; down < levels.length; down++) {
      const { features, bordered } = levels[down - 1];
      this.spread(features, bordered, n, SILU);
      this.convolve(bottomUp.downs[down - 1], bordered, levels[down].features, n, 2);
    }
  }

  prior(layer, n) {
    if (layer === this.config.layers) return;
    const i = layer - 1;
    this.spatialPrior(this.#maps.layers[i], this.buffers.levels[i], this.priors[i], n);
  }

  posterior(layer, n) {
    const i = layer - 1,
      maps = this.#maps.layers[i],
      { levels } = this.buffers;
    if (layer === this.config.layers) this.topPosterior(maps, levels.at(-1), this.posteriors[i], n);
    else this.spatialPosterior(maps, levels[i], this.priors[i], this.posteriors[i], n);
  }

  grow(layer, n) {
    const level = this.buffers.levels[layer - 2];
    this.#grow(layer, level.context, level, n);
  }

  picture(n) {
    const { levels, up, upBordered, logits } = this.buffers;
    const { hidden, bordered } = levels[0];
    this.#grow(1, hidden, levels[0], n);
    this.spread(hidden, bordered, n, SILU);
    this.convolve(this.#maps.head.up, bordered, up, n);
    this.shuffle(up, upBordered, n, SILU);
    this.convolve(this.#maps.head.out, upBordered, logits, n);
  }

  /* `to` is a map of the level `target`. */
  #grow(layer, to, target, n) {
    const { levels, latentBordered } = this.buffers;
    const maps = this.#maps.grow[layer - 1],
      z = this.latents[layer - 1];
    const isVector = layer === this.config.layers;
    const own = isVector ? levels.at(-1) : levels[layer - 1],
      from = own.hidden;
    if (isVector) this.rows(maps.embed, z.at, from.at, n);
    else {
      const bordered = latentBordered[layer - 1];
      this.spread(z, bordered, n, IDENTITY);
      // Layer 1 grows into the picture, which knows of z₁ alone.
      this.convolve(maps.embed, bordered, from, n, 1, layer > 1 ? own.context.at : 0);
    }
    let x = from;
    if (from.h !== to.h || from.w !== to.w) {
      x = to;
      this.spread(from, to, n, IDENTITY);
      // Activated before it is spread, not once for each copy.
      this.spread(from, from, n, SILU);
      this.spread(from, target.bordered, n, IDENTITY);
    } else this.spread(from, target.bordered, n, SILU);
    this.block(maps.block, x, to, target, n);
  }
}
