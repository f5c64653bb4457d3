/* An HVAE with its weights: hvae/model.py in the browser.

   Images are uint8 (N, C, H, W) and latents Float32Arrays (N, *latent), as in torch. Lists over layers begin with
   layer 1. A pass goes from layer L down to layer 1. Results are shown pass by pass, where they lie: in the network's
   buffers, which the next pass overwrites. */

import { latentSizes } from "./architectures.js";
import { kl } from "./gaussian.js";
import { negativeLogLikelihood } from "./likelihood.js";
import { noise } from "./noise.js";
import { fit } from "./packing.js";

export class Model {
  #engine;
  #weights;
  #affine;

  /** weights, affine: blocks of the engine's heap, as `Packing` writes them. */
  constructor(engine, config, weights, affine) {
    this.#engine = engine;
    this.#weights = weights;
    this.#affine = affine;
    this.config = config;
    /** Numbers in each latent, layer 1 first. */
    this.latentSizes = latentSizes(config);
    const packing = engine.packing(config);
    /** Bytes that `close` gives back. */
    this.size = 4 * (packing.size + packing.affineSize);
  }

  /** The model in a checkpoint. Throws a Sentence if its weights do not fit its config. */
  static from(engine, checkpoint) {
    const { config, tensors } = checkpoint;
    const packing = engine.packing(config);
    // Check this before memory is allocated for a config's claims.
    fit(
      checkpoint,
      packing.shapes((name, part) => `${name}.${part}`),
    );
    engine.network(config);
    const find = (map, part) => tensors.get(`${map.name}.${part}`);
    const weights = packing.written(engine, find),
      affine = packing.affine(engine, find);
    return new Model(engine, config, weights, affine);
  }

  /** Free the weights' memory. Afterwards the model cannot be used. */
  close() {
    this.#engine.heap.free(this.#weights);
    this.#engine.heap.free(this.#affine);
  }

  /** Standard normal noise for n images: a Float32Array (n, *latent) for each layer. */
  noise(n, seed = 0) {
    return noise(n, seed, this.latentSizes);
  }

  /** Pictures for the given latents, the other layers filled from their prior.

      latents: layer number → (n, *latent). noise: (n, *latent) for each layer, or null for the priors' means.
      show(network, from, count): called after each pass, with pictures `from` … `from + count` as logits. */
  decode(latents, n, noise, temperature, show) {
    const network = this.#network();
    for (let from = 0; from < n; from += network.batch) {
      const count = Math.min(network.batch, n - from);
      for (let layer = this.config.layers; layer >= 1; layer--) {
        const given = latents.get(layer);
        if (given) this.#put(given, network.latents[layer - 1], from, count);
        else {
          network.prior(layer, count);
          this.#put(noise && noise[layer - 1], network.noise[layer - 1], from, count);
          network.draw(network.priors, layer, temperature, count);
        }
        if (layer > 1) network.grow(layer, count);
      }
      network.picture(count);
      show(network, from, count);
    }
  }

  /** Pixel means of pictures, (n, C, H, W), for z_ℓ = E p(z_ℓ|z_>ℓ) + std p(z_ℓ|z_>ℓ) · ε_ℓ, and their bytes as RGBA.

      residuals: ε_ℓ (n, *latent) for each layer. means, rgba: what is written to; null for what is not wanted. */
  decodeResiduals(residuals, n, means, rgba) {
    this.decode(NONE, n, residuals, 1, this.#painted(means, rgba));
  }

  /** Pixel means and bytes as `decodeResiduals`, for images (N, C, H, W), with posterior means all the way. */
  reconstruct(images, n, means, rgba) {
    const paint = this.#painted(means, rgba);
    this.infer(images, n, null, (network, from, count) => {
      network.picture(count);
      paint(network, from, count);
    });
  }

  /** Top-down inference for images (N, C, H, W), each latent drawn from its posterior with this noise, or at its
      posterior mean where `noise` is null.

      visit(network, from, count): called after each pass, with `posteriors`, `priors` and `latents` in the network. */
  infer(images, n, noise, visit) {
    const network = this.#network();
    for (let from = 0; from < n; from += network.batch) {
      const count = Math.min(network.batch, n - from);
      network.takeImages(images, from, count);
      network.bottomUp(count);
      for (let layer = this.config.layers; layer >= 1; layer--) {
        network.prior(layer, count);
        network.posterior(layer, count);
        this.#put(noise && noise[layer - 1], network.noise[layer - 1], from, count);
        network.draw(network.posteriors, layer, 1, count);
        if (layer > 1) network.grow(layer, count);
      }
      visit(network, from, count);
    }
  }

  /** Posterior of each layer, { mean, logStd } both (n, *latent), given the layers above as `infer` has them. */
  encode(images, n, noise) {
    const posteriors = this.#ofLayers((size) => ({
      mean: new Float32Array(n * size),
      logStd: new Float32Array(n * size),
    }));
    this.infer(images, n, noise, (network, from) => {
      posteriors.forEach(({ mean, logStd }, i) => {
        this.#compare(network, i, from, mean, (mean) => mean);
        this.#compare(network, i, from, logStd, (mean, logStd) => logStd);
      });
    });
    return posteriors;
  }

  /** Where the posterior means of images are within their priors: ε_ℓ (n, *latent) for each layer. */
  residuals(images, n) {
    const residuals = this.#ofLayers((size) => new Float32Array(n * size));
    this.infer(images, n, null, (network, from) => {
      residuals.forEach((part, i) => {
        this.#compare(
          network,
          i,
          from,
          part,
          (mean, logStd, prior, priorLogStd) => (mean - prior) / Math.exp(priorLogStd),
        );
      });
    });
    return residuals;
  }

  /** Both terms of the ELBO of each image, nats, each latent drawn from its posterior with this noise (Eq. 4).

      Returns `rates`, a Float64Array (n,) for each layer, `distortion`, a Float64Array (n,), and `topRates` (top_dim,),
      what each dimension of z_L adds to its rate, mean over images. */
  elbo(images, n, noise) {
    const { layers, pixels } = this.config,
      sizes = this.latentSizes;
    const rates = this.#ofLayers(() => new Float64Array(n));
    const distortion = new Float64Array(n),
      topRates = new Float64Array(sizes.at(-1));
    const kls = this.#ofLayers((size) => new Float32Array(this.#network().batch * size));
    this.infer(images, n, noise, (network, from, count) => {
      kls.forEach((values, i) => {
        const size = sizes[i];
        this.#compare(network, i, 0, values, kl);
        for (let at = 0; at < count * size; at++) {
          rates[i][from + Math.floor(at / size)] += values[at];
          if (i === layers - 1) topRates[at % size] += values[at] / n;
        }
      });
      network.picture(count);
      for (let i = 0; i < count; i++) {
        const image = images.subarray((from + i) * pixels, (from + i + 1) * pixels);
        distortion[from + i] = negativeLogLikelihood(
          this.config,
          image,
          this.#engine.heap.floats,
          network.logits,
          i,
        );
      }
    });
    return { rates, distortion, topRates };
  }

  /** What each dimension of z_L adds to its rate, nats, mean over images (N, C, H, W). */
  topRates(images, n) {
    const size = this.config.topDim,
      sums = new Float64Array(size),
      layer = this.config.layers - 1;
    const values = new Float32Array(this.#network().batch * size);
    this.infer(images, n, null, (network, from, count) => {
      this.#compare(network, layer, 0, values, kl);
      for (let at = 0; at < count * size; at++) sums[at % size] += values[at] / n;
    });
    return sums;
  }

  #ofLayers(make) {
    return this.latentSizes.map(make);
  }

  #network() {
    const network = this.#engine.network(this.config);
    network.use(this.#weights, this.#affine);
    return network;
  }

  #painted(means, rgba) {
    const { heap } = this.#engine,
      { pixels } = this.config;
    const bytes = (4 * pixels) / this.config.imageShape[0];
    return (network, from, count) => {
      network.paint(count);
      if (means)
        means.set(heap.floats.subarray(network.means / 4, network.means / 4 + count * pixels), from * pixels);
      if (rgba) rgba.set(heap.bytes.subarray(network.rgba, network.rgba + count * bytes), from * bytes);
    };
  }

  /* Rows `from` … of (N, channels, h, w), or zeros for null, to a map (count, h, w, c). */
  #put(values, { at, h, w, c, used }, from, count) {
    const { floats } = this.#engine.heap;
    const places = h * w;
    if (!values) {
      floats.fill(0, at / 4, at / 4 + count * places * c);
      return;
    }
    let source = from * used * places;
    for (let i = 0; i < count; i++)
      for (let k = 0; k < used; k++)
        for (let place = 0, to = at / 4 + i * places * c + k; place < places; place++, to += c)
          floats[to] = values[source++];
  }

  /* make(mean, log_std, the prior's mean, and its log_std) for each dimension of a layer → `values`, (N, channels, h, w),
     from row `from` on, as many rows as fit or are in a pass. */
  #compare(network, i, from, values, make) {
    const { floats } = this.#engine.heap;
    const { at, h, w, c, used } = network.posteriors[i];
    const prior = (network.priors[i].at - at) / 4,
      half = c / 2,
      places = h * w;
    let to = from * used * places;
    const end = Math.min(values.length, to + network.batch * used * places);
    for (let row = at / 4; to < end; row += places * c)
      for (let k = 0; k < used; k++)
        for (let q = row + k, place = 0; place < places; place++, q += c)
          values[to++] = make(floats[q], floats[q + half], floats[q + prior], floats[q + prior + half]);
  }
}

const NONE = new Map();
