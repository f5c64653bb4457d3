/* The parent of all models between the dots: hvae's Parent in the browser.

   It is not folded. The gates of a β, per channel h ↦ (1 + a) h + b, become the scales and biases that the kernels apply
   anyway; the weights are packed once. A new β is a small matrix product. */

import { Model } from "./model.js";
import { fit, floats } from "./packing.js";

/** Numbers in the code of β. */
const CODE = 32;

export class Parent {
  #engine;
  #model;
  #affine;
  #packing;
  #tensors;
  #betas = [];
  #gates;

  /** The parent in a checkpoint. Throws a Sentence if its weights do not fit its config. */
  static from(engine, checkpoint) {
    return new Parent(engine, checkpoint);
  }

  constructor(engine, checkpoint) {
    const { config, tensors, betaRange } = checkpoint;
    const packing = engine.packing(config);
    const gates = 2 * packing.maps.reduce((sum, map) => sum + map.channels, 0);
    fit(
      checkpoint,
      new Map([
        ...packing.shapes((name, part) => `hvae.${name}.inner.${part}`),
        ["code.0.weight", [CODE, config.layers]],
        ["code.0.bias", [CODE]],
        ["code.2.weight", [CODE, CODE]],
        ["code.2.bias", [CODE]],
        ["gates.weight", [gates, CODE]],
        ["gates.bias", [gates]],
      ]),
    );
    this.#engine = engine;
    this.#packing = packing;
    this.#tensors = new Map([...tensors].map(([key, tensor]) => [key, floats(tensor)]));
    this.#gates = new Float32Array(gates);
    engine.network(config);
    this.#affine = packing.affine(engine);
    const weights = packing.written(engine, (map, part) => tensors.get(`hvae.${map.name}.inner.${part}`));
    this.#model = new Model(engine, config, weights, this.#affine);
    this.config = config;
    this.betaRange = betaRange;
    /** Bytes that `close` gives back, and those of what is kept beside. */
    this.size =
      this.#model.size + [...this.#tensors.values()].reduce((sum, values) => sum + values.byteLength, 0);
  }

  /** Free the memory. Afterwards the parent and its model cannot be used. */
  close() {
    this.#model.close();
  }

  /** The model at betas (β₁ … β_L), positive numbers. It stays there until the next call. */
  at(betas) {
    if (betas.length !== this.#betas.length || betas.some((beta, i) => beta !== this.#betas[i])) {
      this.#gate(betas);
      this.#betas = [...betas];
    }
    return this.#model;
  }

  #gate(betas) {
    const [low, high] = this.betaRange.map(Math.log);
    const position = betas.map((beta) => (2 * Math.log(beta) - low - high) / (high - low));
    const first = this.#linear("code.0", position, new Float32Array(CODE)).map(silu);
    const code = this.#linear("code.2", first, new Float32Array(CODE)).map(silu);
    const gates = this.#linear("gates", code, this.#gates);
    const { floats } = this.#engine.heap;
    let start = 0; // of a map's gates: a, then b, of each channel
    for (const map of this.#packing.maps) {
      const { channels } = map,
        bias = this.#tensors.get(`hvae.${map.name}.inner.bias`);
      const scales = this.#affine / 4 + this.#packing.affineStarts.get(map);
      map.rows.indices.forEach((row, i) => {
        const channel = map.channelOf(row);
        const scale = row < 0 ? 0 : 1 + gates[start + channel];
        floats[scales + i] = scale;
        floats[scales + map.cOut + i] =
          row < 0 ? 0 : bias[channel] * scale + gates[start + channels + channel];
      });
      start += 2 * channels;
    }
  }

  /* out = weight · x + bias */
  #linear(name, x, out) {
    const weight = this.#tensors.get(`${name}.weight`),
      bias = this.#tensors.get(`${name}.bias`);
    for (let row = 0, at = 0; row < out.length; row++) {
      let sum = bias[row];
      for (let column = 0; column < x.length; column++) sum += weight[at++] * x[column];
      out[row] = sum;
    }
    return out;
  }
}

const silu = (x) => x / (1 + Math.exp(-x));
