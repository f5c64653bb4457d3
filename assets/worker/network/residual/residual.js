/* The record of the architecture `residual`, as hvae/architectures/known/residual.py. */

import { buffers, latentShapes } from "./buffers.js";
import { maps } from "./maps.js";
import { ResidualNetwork } from "./network.js";

export const RESIDUAL = { layers: [1, 32], step: 4, latentShapes, maps, buffers, Network: ResidualNetwork };
