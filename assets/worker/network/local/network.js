/* The architecture `local`: hvae/architectures/local.py on the kernels. Two layers, both forms of inference, and a path
   from z₂ to the picture. */

import { IDENTITY, SILU } from "../network.js";
import { NetworkOfBlocks } from "../residual/layers.js";

export class LocalNetwork extends NetworkOfBlocks {
  #maps;

  constructor(...about) {
    super(...about);
    this.#maps = {
      fine: [this.named("bottom_up.fine.0"), this.named("bottom_up.fine.2")],
      coarse: {
        first: this.named("bottom_up.coarse.1"),
        block: this.namedBlock("bottom_up.coarse.2"),
        last: this.named("bottom_up.coarse.4"),
      },
      layers: [this.namedLayer(1), this.namedLayer(2)],
      inPlace: { embed: this.named("grow.0.embed"), mix: this.named("grow.0.mix") },
      wholePicture: {
        embed: this.named("grow.1.embed"),
        block: this.namedBlock("grow.1.block"),
        up: this.named("grow.1.up"),
        fine: this.namedBlock("grow.1.fine"),
      },
      out: this.named("picture_head.out"),
    };
  }

  bottomUp(n) {
    const { image, fine, middle, coarse } = this.buffers,
      maps = this.#maps;
    this.convolve(maps.fine[0], image, fine.hidden, n, 2);
    this.spread(fine.hidden, fine.bordered, n, SILU);
    this.convolve(maps.fine[1], fine.bordered, fine.features, n);
    this.spread(fine.features, fine.bordered, n, SILU);
    this.convolve(maps.coarse.first, fine.bordered, middle.features, n, 2);
    this.spread(middle.features, middle.bordered, n, SILU);
    this.block(maps.coarse.block, middle.features, middle.features, middle, n);
    this.spread(middle.features, middle.bordered, n, SILU);
    this.convolve(maps.coarse.last, middle.bordered, coarse.features, n, 2);
  }

  prior(layer, n) {
    if (layer === 1) this.spatialPrior(this.#maps.layers[0], this.buffers.fine, this.priors[0], n);
  }

  posterior(layer, n) {
    const maps = this.#maps.layers[layer - 1],
      { fine, coarse } = this.buffers;
    if (layer === 2) this.topPosterior(maps, coarse, this.posteriors[1], n);
    else this.spatialPosterior(maps, fine, this.priors[0], this.posteriors[0], n);
  }

  /** What z₂ draws of the picture: the context of z₁, and of the picture itself. */
  grow(layer, n) {
    const { fine, middle, coarse, up } = this.buffers,
      maps = this.#maps.wholePicture;
    const start = coarse.hidden,
      h = middle.hidden;
    this.rows(maps.embed, this.latents[1].at, start.at, n);
    this.spread(start, h, n, IDENTITY);
    // Activated before it is spread, not once for each copy.
    this.spread(start, start, n, SILU);
    this.spread(start, middle.bordered, n, IDENTITY);
    this.block(maps.block, h, h, middle, n);
    this.spread(h, middle.bordered, n, SILU);
    this.convolve(maps.up, middle.bordered, up, n);
    this.shuffle(up, fine.context, n, IDENTITY);
    this.spread(fine.context, fine.bordered, n, SILU);
    this.block(maps.fine, fine.context, fine.context, fine, n);
  }

  /** z₁ corrects in place what z₂ has drawn. */
  picture(n) {
    const { fine, latentBordered, logits } = this.buffers,
      { inPlace, out } = this.#maps;
    const { context, hidden, activated, bordered } = fine;
    this.spread(this.latents[0], latentBordered, n, IDENTITY);
    this.convolve(inPlace.embed, latentBordered, hidden, n, 1, context.at);
    this.spread(hidden, activated, n, SILU);
    this.rows(inPlace.mix, activated.at, hidden.at, n * hidden.h * hidden.w, hidden.at);
    this.spread(hidden, bordered, n, SILU);
    this.convolve(out, bordered, logits, n);
  }
}
