/* The record of the architecture `local`, as hvae/architectures/known/local.py. */

import { buffers, latentShapes } from "./buffers.js";
import { maps } from "./maps.js";
import { LocalNetwork } from "./network.js";

export const LOCAL = { layers: [2, 2], step: 4, latentShapes, maps, buffers, Network: LocalNetwork };
