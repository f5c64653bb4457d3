/* The memory of the architecture `xiao-bamler`: feature maps of half, a quarter and an eighth of the picture's sides. */

import { beside } from "../layout.js";
import { padded } from "../packing.js";

export function latentShapes({ imageShape: [, height, wide], channels, topDim }) {
  return [[channels, height / 8, wide / 8], [topDim]];
}

/** Hidden numbers of the network that makes z₁'s prior: half as many as z₁ has. */
export function hiddenOfPrior(config) {
  const [[channels, h, w]] = latentShapes(config);
  return Math.max(1, Math.floor((channels * h * w) / 2));
}

export function buffers(config, layout) {
  const [colours, height, wide] = config.imageShape;
  const width = padded(config.width),
    channels = padded(config.channels);
  /* Sizes after one, two and three steps. */
  const [first, second, third] = [2, 4, 8].map((step) => [height / step, wide / step]);
  const both = layout.bordered(...second, 2 * width);
  return {
    ...layout.common(config, latentShapes(config)),
    halves: layout.map(...first, width),
    halvesBordered: layout.bordered(...first, width),
    quarters: layout.map(...second, width),
    quartersBordered: layout.bordered(...second, width),
    featuresOfZ1: layout.map(...second, width),
    featuresOfZ2: layout.map(...third, width),
    hiddenOfPrior: layout.map(1, 1, padded(hiddenOfPrior(config))),
    embedded: layout.map(...third, width),
    eighthsBordered: layout.bordered(...third, width),
    latentBordered: layout.bordered(...third, channels),
    fromEighths: layout.map(...third, 4 * width),
    fromQuarters: layout.map(...second, 4 * width),
    both,
    secondOfBoth: beside(both, width),
    scratch: layout.scratch([
      [...third, Math.max(width, channels), 4 * width],
      [...second, width, 4 * width],
      [...first, width, 4 * colours],
    ]),
  };
}
