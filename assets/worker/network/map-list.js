/* The linear maps of a network, listed in the order of torch's `named_modules`. */

import { LinearMap, Order, TransposedConvolution, padded } from "./packing.js";

/** Below this many input channels the transforms cost more than they save. */
const WINOGRAD_FROM = 16;

/** `rows` are Orders of output channels; `parts` the channels of input maps that are beside each other. */
export class MapList {
  all = [];

  /** A convolution of a map with a border; its kernel is taps × taps. */
  convolution(name, parts, rows, { taps = 3, stride = 1, pad = padded } = {}) {
    const columns = new Order(parts, taps * taps, pad);
    const winograd = taps === 3 && stride === 1 && columns.length / 9 >= WINOGRAD_FROM;
    this.all.push(new LinearMap(name, rows, columns, { taps, winograd }));
  }

  /** A convolution of the image, whose channels are not padded; of stride 2. */
  ofImage(name, colours, rows, taps = 3) {
    this.convolution(name, [colours], rows, { taps, stride: 2, pad: (count) => count });
  }

  /** A 1×1 convolution. */
  one(name, parts, rows) {
    this.all.push(new LinearMap(name, rows, new Order(parts)));
  }

  linear(name, rows, columns) {
    this.all.push(new LinearMap(name, rows, columns, { taps: 0 }));
  }

  /** Both convolutions of a residual block. */
  block(name, width) {
    for (const part of ["conv1", "conv2"]) this.convolution(`${name}.${part}`, [width], new Order([width]));
  }

  /** A transposed convolution that doubles rows and columns; `rows`: four for each channel. */
  doubling(name, cIn, rows) {
    const winograd = padded(cIn) >= WINOGRAD_FROM;
    this.all.push(new TransposedConvolution(name, rows, new Order([cIn], 9), { winograd }));
  }
}

/** Rows whose map is shuffled: four for each channel, the pixels first. */
export const shuffledRows = (channels) => new Order([channels], 4);

/** Rows of logits: of each channel its four pixels. */
export const logitRows = (colours) => new Order([4 * colours]);
