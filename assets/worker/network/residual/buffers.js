/* The memory of the architecture `residual`: feature maps, laid out once for each config. */

import { padded } from "../packing.js";
import { levels } from "./levels.js";

export function latentShapes({ scales, layers, channels, topDim }) {
  return [...scales.slice(0, layers - 1).map((size) => [channels, ...size]), [topDim]];
}

export function buffers(config, layout) {
  const [colours, height, wide] = config.imageShape;
  const { layers, scales } = config,
    [h, w] = scales[0];
  const width = padded(config.width),
    half = padded(config.width / 2),
    channels = padded(config.channels);
  return {
    ...layout.common(config, latentShapes(config)),
    stem: layout.map(height / 2, wide / 2, half),
    stemBordered: layout.bordered(height / 2, wide / 2, half),
    levels: levels(layout, scales, width),
    latentBordered: scales.slice(0, layers - 1).map(([h, w]) => layout.bordered(h, w, channels)),
    up: layout.map(h, w, 4 * half),
    upBordered: layout.bordered(2 * h, 2 * w, half),
    scratch: layout.scratch([
      [h, w, width, Math.max(width, 4 * half)],
      [h, w, channels, width],
      [2 * h, 2 * w, half, 4 * colours],
    ]),
  };
}
