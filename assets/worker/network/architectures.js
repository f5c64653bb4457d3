/* The networks that can be built here, by the name that a config gives them. */

import { Sentence } from "../sentence.js";
import { workingSize } from "./residual/buffers.js";
import { maps, unbuildable } from "./residual/maps.js";
import { ResidualNetwork } from "./residual/network.js";

/** Each: unbuildable(config), maps(config), workingSize(config, batch) and the class `Network`. */
const ARCHITECTURES = new Map([["residual", { unbuildable, maps, workingSize, Network: ResidualNetwork }]]);

/** The architecture of a config. Throws a Sentence if this program does not have it. */
export function architectureOf(config) {
  const found = ARCHITECTURES.get(config.architecture);
  if (!found) {
    const name = JSON.stringify(config.architecture.slice(0, 40));
    throw new Sentence(`Models of the architecture ${name} do not run in the browser.`);
  }
  const reason = found.unbuildable(config);
  if (reason) throw new Sentence(`This model cannot be built: ${reason}.`);
  return found;
}
