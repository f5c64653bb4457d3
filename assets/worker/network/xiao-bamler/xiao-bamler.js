/* The record of the architecture `xiao-bamler`, as hvae/architectures/known/xiao_bamler.py. */

import { buffers, latentShapes } from "./buffers.js";
import { maps } from "./maps.js";
import { XiaoBamlerNetwork } from "./network.js";

export const XIAO_BAMLER = {
  layers: [2, 2],
  step: 8,
  latentShapes,
  maps,
  buffers,
  Network: XiaoBamlerNetwork,
};
