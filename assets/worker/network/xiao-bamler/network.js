/* The architecture `xiao-bamler`: hvae/architectures/xiao_bamler.py on the kernels. Two layers, both forms of inference.
   The context of z₁ is z₂ itself. */

import { fromSoftplus, mergeWithPrior } from "../gaussian.js";
import { IDENTITY, Network, RELU } from "../network.js";

export class XiaoBamlerNetwork extends Network {
  #maps;

  constructor(...about) {
    super(...about);
    const all = (names) => names.map((name) => this.named(name));
    this.#maps = {
      z1: all(["bottom_up.z1.0", "bottom_up.z1.2"]),
      z2: all(["bottom_up.z2.0", "bottom_up.z2.2", "bottom_up.z2.4"]),
      prior: all(["layers.0.prior_hidden", "layers.0.prior_head"]),
      embed: this.named("layers.0.embed"),
      up: this.named("layers.0.up"),
      posterior: this.named("layers.0.posterior_head"),
      topPosterior: this.named("layers.1.posterior_head"),
      picture: all(["picture_head.first", "picture_head.second", "picture_head.out"]),
    };
  }

  bottomUp(n) {
    const { image, halves, halvesBordered, quarters, quartersBordered, featuresOfZ1, featuresOfZ2 } =
      this.buffers;
    const { z1, z2 } = this.#maps;
    this.convolve(z1[0], image, halves, n, 2);
    this.spread(halves, halvesBordered, n, RELU);
    this.convolve(z1[1], halvesBordered, featuresOfZ1, n, 2);
    this.convolve(z2[0], image, halves, n, 2);
    this.spread(halves, halvesBordered, n, RELU);
    this.convolve(z2[1], halvesBordered, quarters, n, 2);
    this.spread(quarters, quartersBordered, n, RELU);
    this.convolve(z2[2], quartersBordered, featuresOfZ2, n, 2);
    this.spread(featuresOfZ2, featuresOfZ2, n, RELU);
  }

  prior(layer, n) {
    if (layer === 2) return;
    const { hiddenOfPrior } = this.buffers,
      [hidden, head] = this.#maps.prior,
      [prior] = this.priors;
    this.rows(hidden, this.latents[1].at, hiddenOfPrior.at, n);
    this.spread(hiddenOfPrior, hiddenOfPrior, n, RELU);
    this.rows(head, hiddenOfPrior.at, prior.at, n);
    this.#bound(prior, n);
  }

  posterior(layer, n) {
    const posterior = this.posteriors[layer - 1];
    if (layer === 2) {
      this.rows(this.#maps.topPosterior, this.buffers.featuresOfZ2.at, posterior.at, n);
      this.#bound(posterior, n);
      return;
    }
    const { featuresOfZ1, quartersBordered, both } = this.buffers,
      maps = this.#maps;
    if (this.config.inference === "ladder") {
      this.spread(featuresOfZ1, quartersBordered, n, RELU);
      this.convolve(maps.posterior, quartersBordered, posterior, n, 2);
      this.#bound(posterior, n);
      const { at, h, w, c } = posterior;
      mergeWithPrior(this.heap.floats, at / 4, this.priors[0].at / 4, n * h * w, c / 2);
      return;
    }
    this.spread(featuresOfZ1, both, n, RELU);
    this.#featuresOfContext(n);
    this.convolve(maps.posterior, both, posterior, n, 2);
    this.#bound(posterior, n);
  }

  grow() {}

  picture(n) {
    const { latentBordered, fromEighths, quartersBordered, fromQuarters, halvesBordered } = this.buffers;
    const [first, second, out] = this.#maps.picture;
    this.spread(this.latents[0], latentBordered, n, IDENTITY);
    this.convolve(first, latentBordered, fromEighths, n);
    this.shuffle(fromEighths, quartersBordered, n, RELU);
    this.convolve(second, quartersBordered, fromQuarters, n);
    this.shuffle(fromQuarters, halvesBordered, n, RELU);
    this.convolve(out, halvesBordered, this.logits, n);
  }

  /* Those of z₂, beside those of the image. */
  #featuresOfContext(n) {
    const { embedded, eighthsBordered, fromEighths, secondOfBoth } = this.buffers,
      { embed, up } = this.#maps;
    this.rows(embed, this.latents[1].at, embedded.at, n);
    this.spread(embedded, eighthsBordered, n, RELU);
    this.convolve(up, eighthsBordered, fromEighths, n);
    this.shuffle(fromEighths, secondOfBoth, n, RELU);
  }

  #bound({ at, h, w, c }, n) {
    fromSoftplus(this.heap.floats, at / 4, n * h * w, c / 2);
  }
}
