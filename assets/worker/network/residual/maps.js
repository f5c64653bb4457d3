/* The linear maps of the architecture `residual`. */

import { MapList, logitRows, shuffledRows } from "../map-list.js";
import { Order } from "../packing.js";

export function maps(config) {
  const { width, channels, topDim, layers, scales } = config;
  const list = new MapList(),
    hidden = new Order([width]);
  list.ofImage("bottom_up.stem.0", config.imageShape[0], new Order([width / 2]));
  list.convolution("bottom_up.stem.2", [width / 2], hidden, { stride: 2 });
  list.block("bottom_up.stem.3", width);
  for (let down = 1; down < scales.length; down++)
    list.convolution(`bottom_up.downs.${down - 1}`, [width], hidden, { stride: 2 });
  for (let layer = 1; layer < layers; layer++) spatialLayer(list, layer, width, config);
  const [height, wide] = scales.at(-1),
    laidOut = new Order([width], height * wide);
  list.linear(`layers.${layers - 1}.posterior_head`, new Order([topDim, topDim]), laidOut);
  for (let layer = 1; layer <= layers; layer++) {
    const name = `grow.${layer - 1}`;
    if (layer < layers) list.convolution(`${name}.embed`, [channels], hidden);
    else list.linear(`${name}.embed`, laidOut, new Order([topDim]));
    list.block(`${name}.block`, width);
  }
  list.convolution("picture_head.up", [width], shuffledRows(width / 2));
  list.convolution("picture_head.out", [width / 2], logitRows(config.imageShape[0]));
  return list.all;
}

/** Add the maps of a layer whose latent is a map; features and context have `width` channels. */
export function spatialLayer(list, layer, width, { channels, inference }) {
  const name = `layers.${layer - 1}`,
    gaussian = new Order([channels, channels]);
  list.one(`${name}.prior_head`, [width], gaussian);
  if (inference === "generalized") {
    list.one(`${name}.merge`, [width, width], new Order([width]));
    list.convolution(`${name}.conv`, [width], new Order([width]));
  }
  list.one(`${name}.posterior_head`, [width], gaussian);
}
