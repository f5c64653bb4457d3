/* The memory of the architecture `local`: feature maps of half, a quarter and an eighth of the picture's sides. */

import { padded } from "../packing.js";
import { levels } from "../residual/levels.js";

export function latentShapes({ imageShape: [, height, wide], channels, topDim }) {
  return [[channels, height / 2, wide / 2], [topDim]];
}

export function buffers(config, layout) {
  const [colours, height, wide] = config.imageShape,
    [h, w] = [height / 2, wide / 2];
  const width = padded(config.width),
    half = padded(config.width / 2),
    channels = padded(config.channels);
  const [[halfHeight, halfWide]] = config.scales;
  const [middle, coarse] = levels(layout, config.scales, width);
  return {
    ...layout.common(config, latentShapes(config)),
    fine: levels(layout, [[h, w]], half)[0],
    middle,
    coarse,
    latentBordered: layout.bordered(h, w, channels),
    up: layout.map(halfHeight, halfWide, 4 * half),
    scratch: layout.scratch([
      [h, w, Math.max(half, channels), half],
      [h, w, half, 4 * colours],
      [halfHeight, halfWide, width, Math.max(width, 4 * half)],
    ]),
  };
}
