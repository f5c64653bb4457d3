/* The linear maps of the architecture `local`. */

import { MapList, logitRows, shuffledRows } from "../map-list.js";
import { Order } from "../packing.js";
import { spatialLayer } from "../residual/maps.js";

export function maps(config) {
  const { width, channels, topDim, imageShape, scales } = config,
    half = width / 2;
  const list = new MapList(),
    fine = new Order([half]),
    coarse = new Order([width]);
  list.ofImage("bottom_up.fine.0", imageShape[0], fine);
  list.convolution("bottom_up.fine.2", [half], fine);
  list.convolution("bottom_up.coarse.1", [half], coarse, { stride: 2 });
  list.block("bottom_up.coarse.2", width);
  list.convolution("bottom_up.coarse.4", [width], coarse, { stride: 2 });
  spatialLayer(list, 1, half, config);
  const [height, wide] = scales[1],
    laidOut = new Order([width], height * wide);
  list.linear("layers.1.posterior_head", new Order([topDim, topDim]), laidOut);
  list.convolution("grow.0.embed", [channels], fine);
  list.one("grow.0.mix", [half], fine);
  list.linear("grow.1.embed", laidOut, new Order([topDim]));
  list.block("grow.1.block", width);
  list.convolution("grow.1.up", [width], shuffledRows(half));
  list.block("grow.1.fine", half);
  list.convolution("picture_head.out", [half], logitRows(imageShape[0]));
  return list.all;
}
