/* One heap, and the networks that share it, one for each config: all models of a config share a network. */

import { Heap } from "../kernels/heap.js";
import { Sentence } from "../sentence.js";
import { architectureOf, latentSizes } from "./architectures.js";
import { workingSize } from "./layout.js";
import { Packing } from "./packing.js";

/** Images per pass: the feature maps of one image stay in the nearest cache. */
const BATCH = 1;
/** Floats that a network may work on, and floats of a model's packed weights: 256 MiB. Larger ones are the server's. */
const MOST_WORKING = 2 ** 26;
/** Numbers in all latents of one picture; hvae's architectures allow no more. */
const MOST_LATENTS = 2 ** 17;
/** Configs whose networks are kept. */
const MOST_NETWORKS = 4;

export class Engine {
  #shared = new Map();

  /** kernels: as from `kernels()`; nothing else may use their memory. */
  constructor(kernels) {
    this.kernels = kernels;
    this.heap = new Heap(kernels);
  }

  /** How the weights of a config's models lie in memory. Throws a Sentence if they cannot run here. */
  packing(config) {
    return this.#of(config).packing;
  }

  /** The network of a config's models. Throws a Sentence if its pictures are too large. */
  network(config) {
    const shared = this.#of(config);
    shared.network ??= this.#built(config, shared.packing);
    return shared.network;
  }

  /* What all models of a config share. The network is built when it is first needed. */
  #of(config) {
    let shared = this.#shared.get(config.key);
    if (shared)
      this.#shared.delete(config.key); // and added again at the end: the first one was used longest ago
    else {
      shared = { packing: new Packing(architectureOf(config).maps(config)) };
      if (this.#shared.size === MOST_NETWORKS) this.#drop(this.#shared.keys().next().value);
    }
    this.#shared.set(config.key, shared);
    return shared;
  }

  #built(config, packing) {
    const { Network, buffers } = architectureOf(config);
    const sizes = latentSizes(config).reduce((sum, size) => sum + size);
    if (workingSize(buffers, config, BATCH) > MOST_WORKING || sizes > MOST_LATENTS)
      throw new Sentence("The pictures of this model are too large for the browser.");
    if (packing.size > MOST_WORKING) throw new Sentence("This model is too large for the browser.");
    return new Network(this.kernels, this.heap, config, BATCH, packing, buffers);
  }

  #drop(key) {
    this.#shared.get(key).network?.close();
    this.#shared.delete(key);
  }
}
