/* The networks that can be built here, by the name that a config gives them. */

import * as residual from "./residual.js";
import { Sentence } from "../sentence.js";

/** Each: unbuildable(config), maps(config), workingSize(config, batch) and the class `Network`; see residual.js. */
const ARCHITECTURES = new Map([["residual", { ...residual, Network: residual.ResidualNetwork }]]);

/** The architecture of a config. Throws a Sentence where it is not one that this program runs. */
export function architectureOf(config) {
  const found = ARCHITECTURES.get(config.architecture);
  if (!found) throw new Sentence(`Models of the architecture ${JSON.stringify(config.architecture.slice(0, 40))} do not run in the browser.`);
  const reason = found.unbuildable(config);
  if (reason) throw new Sentence(`This model cannot be built: ${reason}.`);
  return found;
}
