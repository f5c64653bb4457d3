/* The weights of a network in the form that the kernels need. */

import { Sentence } from "../sentence.js";

const sum = (counts) => counts.reduce((total, count) => total + count, 0);

/** How many channels a feature map of `count` has in memory. */
export const padded = (count) => Math.ceil(count / 4) * 4;

/** The rows or columns of a weight in the order in which channels-last maps have them.

    parts: channels of each map that is beside another, padded one by one. places: what torch counts last, such as
    the 9 taps of a 3×3 kernel, or the pixels of a vector laid out; here they come first. */
export class Order {
  #indices;

  constructor(parts, places = 1, pad = padded) {
    Object.assign(this, { parts, places, pad });
    this.length = places * sum(parts.map(pad));
    /** How many of them torch has. */
    this.used = places * sum(parts);
  }

  /** torch's index of each, −1 for padding. */
  get indices() {
    this.#indices ??= this.#listed();
    return this.#indices;
  }

  #listed() {
    const { parts, places, pad } = this;
    const indices = new Int32Array(this.length);
    let at = 0;
    for (let place = 0; place < places; place++) {
      let first = 0;
      for (const channels of parts) {
        for (let c = 0; c < pad(channels); c++)
          indices[at++] = c < channels ? (first + c) * places + place : -1;
        first += channels;
      }
    }
    return indices;
  }
}

/** One convolution or linear map of a network.

    rows, columns: Orders of its weight's. taps: rows of its kernel; 0 for a linear map, whose weight has no kernel.
    winograd: whether it becomes a product of tiles. Nothing here takes memory by the size that a config claims. */
export class LinearMap {
  constructor(name, rows, columns, { taps = 1, winograd = false } = {}) {
    Object.assign(this, { name, rows, columns, winograd });
    this.taps = taps || 1;
    /** Of its weight in torch. */
    this.shape = taps ? [rows.used, columns.used / taps ** 2, taps, taps] : [rows.used, columns.used];
    /** Numbers in its bias. */
    this.channels = rows.used;
    this.run = columns.length / (taps || 1);
    this.cOut = rows.length;
    /** Input channels of a convolution. */
    this.cIn = columns.length / (taps || 1) ** 2;
    /** Floats of its packed weights. */
    this.size = (winograd ? 36 * this.cIn : columns.length) * this.cOut;
  }

  /** The place in torch's weight of what belongs to an index of `rows` and one of `columns`; −1 for a zero. */
  placeOf(row, column) {
    return row * this.columns.used + column;
  }

  /** The place in torch's bias of an index of `rows`. */
  channelOf(row) {
    return row;
  }
}

/** A transposed 4×4 convolution of stride 2 with one pixel cut off all around, as a 3×3 convolution to four times the
    channels, which are shuffled. rows: of those; columns: an Order of 9 places. torch's weight is (in, out, 4, 4). */
export class TransposedConvolution extends LinearMap {
  constructor(name, rows, columns, { winograd = false } = {}) {
    super(name, rows, columns, { taps: 3, winograd });
    this.channels = rows.used / 4;
    this.shape = [columns.used / 9, this.channels, 4, 4];
  }

  placeOf(row, column) {
    // Output pixel 2y + dy gets 4×4's row 3 − 2t + dy from input pixel y + t − 1; x likewise.
    const tap = column % 9;
    const down = 3 - 2 * Math.floor(tap / 3) + ((row >> 1) & 1),
      across = 3 - 2 * (tap % 3) + (row & 1);
    if (down < 0 || down > 3 || across < 0 || across > 3) return -1;
    return ((Math.floor(column / 9) * this.channels + this.channelOf(row)) * 4 + down) * 4 + across;
  }

  channelOf(row) {
    return row >> 2;
  }
}

/** How the linear maps of a network lie in memory. `maps` are in the order of torch's `named_modules`. */
export class Packing {
  #order = new Map();

  constructor(maps) {
    this.maps = maps;
    this.starts = new Map();
    this.affineStarts = new Map();
    this.size = 0;
    this.affineSize = 0;
    for (const map of maps) {
      this.starts.set(map, this.size);
      this.affineStarts.set(map, this.affineSize);
      this.size += map.size;
      this.affineSize += 2 * map.cOut;
    }
  }

  /* Floats of the largest map that is transformed, before it is. */
  get #largest() {
    return Math.max(
      0,
      ...this.maps.filter((map) => map.winograd).map((map) => map.columns.length * map.cOut),
    );
  }

  /** The shapes of all tensors, keyed by key(a map's name, "weight" or "bias"). */
  shapes(key) {
    return new Map(
      this.maps.flatMap(({ name, shape, channels }) => [
        [key(name, "weight"), shape],
        [key(name, "bias"), [channels]],
      ]),
    );
  }

  /** A new block of the engine's heap with all weights. find(map, "weight"): a tensor. */
  written({ kernels, heap }, find) {
    const block = heap.allocate(this.size),
      scratch = heap.allocate(this.#largest);
    for (const map of this.maps) {
      const to = block + 4 * this.starts.get(map);
      const target = map.winograd ? scratch : to;
      gather(heap.floats, target / 4, find(map, "weight").values, this.#orderOf(map));
      if (map.winograd) kernels.winograd_weights(scratch, to, map.cIn, map.cOut);
    }
    heap.free(scratch);
    return block;
  }

  /** A new block of the engine's heap with scales of 1, and biases; without `find` the biases are 0. */
  affine({ heap }, find) {
    const block = heap.allocate(this.affineSize);
    for (const map of this.maps) {
      const scale = block / 4 + this.affineStarts.get(map);
      heap.floats.fill(1, scale, scale + map.cOut);
      if (!find) continue;
      const order = map.rows.indices.map((row) => (row < 0 ? -1 : map.channelOf(row)));
      gather(heap.floats, scale + map.cOut, find(map, "bias").values, order);
    }
    return block;
  }

  /* Of each packed number the place in torch's weight, kept: all models of a config share it. */
  #orderOf(map) {
    let order = this.#order.get(map);
    if (!order) this.#order.set(map, (order = gemmOrder(map)));
    return order;
  }
}

/* [cOut / 8][columns][8], the last 4 rows alone where cOut is no multiple of 8. */
function gemmOrder(map) {
  const { rows, columns } = map;
  const order = new Int32Array(rows.length * columns.length);
  let at = 0;
  for (let first = 0; first < rows.length; first += 8) {
    const block = rows.indices.subarray(first, first + 8);
    for (const column of columns.indices)
      for (const row of block) order[at++] = row < 0 || column < 0 ? -1 : map.placeOf(row, column);
  }
  return order;
}

/* to[start + i] = values[order[i]], 0 where that is −1. */
function gather(to, start, values, order) {
  if (values instanceof Uint16Array) {
    for (let i = 0; i < order.length; i++) to[start + i] = order[i] < 0 ? 0 : HALVES[values[order[i]]];
  } else {
    for (let i = 0; i < order.length; i++) to[start + i] = order[i] < 0 ? 0 : values[order[i]];
  }
}

/** A float16's value, by its bits. */
const HALVES = Float32Array.from({ length: 65536 }, (_, bits) => {
  const exponent = (bits >> 10) & 31,
    fraction = bits & 1023;
  const magnitude =
    exponent === 31
      ? fraction
        ? NaN
        : Infinity
      : exponent === 0
        ? fraction * 2 ** -24
        : (1 + fraction / 1024) * 2 ** (exponent - 15);
  return bits & 0x8000 ? -magnitude : magnitude;
});

/** The values of a tensor as they are, or as float32 where they are float16. */
export function floats({ values }) {
  return values instanceof Uint16Array ? Float32Array.from(values, (bits) => HALVES[bits]) : values;
}

/** Throw a Sentence unless a checkpoint has exactly the tensors `shapes`, name → shape. */
export function fit({ name, tensors }, shapes) {
  const fail = (reason) => {
    throw new Sentence(`The weights in ${name} do not fit its config (${reason}).`);
  };
  for (const [key, shape] of shapes) {
    const found = tensors.get(key);
    if (!found) fail(`${key} is missing`);
    if (found.shape.join() !== shape.join())
      fail(`${key} has shape ${found.shape.join(" × ")}, not ${shape.join(" × ")}`);
  }
  const other = [...tensors.keys()].find((key) => !shapes.has(key));
  if (other !== undefined) fail(`${JSON.stringify(other.slice(0, 60))} is no part of it`);
}
