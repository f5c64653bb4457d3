/* What networks of residual blocks have in common: blocks, and the layers of latents. */

import { mergeWithPrior, relateToPrior } from "../gaussian.js";
import { Network, SILU } from "../network.js";

/** Levels are those of levels.js. Maps, by what they do, are places as `named` gives them. */
export class NetworkOfBlocks extends Network {
  /** The maps of a residual block by torch's name. */
  namedBlock(name) {
    return { conv1: this.named(`${name}.conv1`), conv2: this.named(`${name}.conv2`) };
  }

  /** The maps of a layer of latents by its number. */
  namedLayer(layer) {
    const named = (part) => this.named(`layers.${layer - 1}.${part}`);
    return {
      prior: named("prior_head"),
      merge: named("merge"),
      conv: named("conv"),
      posterior: named("posterior_head"),
    };
  }

  /** to = x + conv2(silu(conv1(silu(x)))), where silu(x) is in the level's bordered map; `to` may be x. */
  block(maps, x, to, { bordered, inner }, n) {
    this.convolve(maps.conv1, bordered, inner, n);
    this.spread(inner, bordered, n, SILU);
    this.convolve(maps.conv2, bordered, to, n, 1, x.at);
  }

  /** The prior of a map of latents, given its level's context. */
  spatialPrior(maps, level, prior, n) {
    this.#head(maps.prior, level.context, level, prior, n);
  }

  /** The posterior of a map of latents, given its level's features and context, and its prior. */
  spatialPosterior(maps, level, prior, posterior, n) {
    const { floats } = this.heap,
      { at, h, w } = posterior,
      channels = posterior.c / 2;
    if (this.config.inference === "ladder") {
      this.#head(maps.posterior, level.features, level, posterior, n);
      mergeWithPrior(floats, at / 4, prior.at / 4, n * h * w, channels);
      return;
    }
    const { pair, inner, bordered } = level;
    this.spread(level.features, pair, n, SILU);
    this.spread(level.context, level.secondOfPair, n, SILU);
    this.rows(maps.merge, pair.at, inner.at, n * h * w);
    this.spread(inner, bordered, n, SILU);
    this.convolve(maps.conv, bordered, inner, n);
    this.#head(maps.posterior, inner, level, posterior, n);
    relateToPrior(floats, at / 4, prior.at / 4, n * h * w, channels);
  }

  /** The posterior of the top latent, a vector, given its level's features. */
  topPosterior(maps, { features, activated }, posterior, n) {
    this.spread(features, activated, n, SILU);
    this.rows(maps.posterior, activated.at, posterior.at, n);
    this.kernels.bound(posterior.at, n, posterior.c / 2);
  }

  /* A Gaussian (mean, log_std), bounded, from a map that is not activated yet. */
  #head(map, x, { activated }, to, n) {
    const count = n * x.h * x.w;
    this.spread(x, activated, n, SILU);
    this.rows(map, activated.at, to.at, count);
    this.kernels.bound(to.at, count, to.c / 2);
  }
}
