/* The linear maps of the architecture `xiao-bamler`. */

import { MapList, logitRows, shuffledRows } from "../map-list.js";
import { Order } from "../packing.js";
import { hiddenOfPrior, latentShapes } from "./buffers.js";

export function maps(config) {
  const { width, channels, topDim, imageShape, inference } = config;
  const [[, height, wide]] = latentShapes(config),
    places = height * wide;
  const list = new MapList(),
    features = new Order([width]),
    z2 = new Order([topDim]);
  /* A 4 × 4 convolution of stride 2. */
  const halving = (name, parts, rows) => list.convolution(name, parts, rows, { taps: 4, stride: 2 });

  list.ofImage("bottom_up.z1.0", imageShape[0], features, 4);
  halving("bottom_up.z1.2", [width], features);
  list.ofImage("bottom_up.z2.0", imageShape[0], features, 4);
  halving("bottom_up.z2.2", [width], features);
  halving("bottom_up.z2.4", [width], features);
  const hidden = new Order([hiddenOfPrior(config)]);
  list.linear("layers.0.prior_hidden", hidden, z2);
  list.linear("layers.0.prior_head", new Order([channels, channels], places), hidden);
  if (inference === "generalized") {
    list.linear("layers.0.embed", new Order([width], places), z2);
    list.doubling("layers.0.up", width, shuffledRows(width));
  }
  const ofFeatures = inference === "generalized" ? [width, width] : [width];
  halving("layers.0.posterior_head", ofFeatures, new Order([channels, channels]));
  list.linear("layers.1.posterior_head", new Order([topDim, topDim]), new Order([width], places));
  list.doubling("picture_head.first", channels, shuffledRows(width));
  list.doubling("picture_head.second", width, shuffledRows(width));
  list.doubling("picture_head.out", width, logitRows(imageShape[0]));
  return list.all;
}
