/* The networks that can be built here, by the name that a config gives them. */

import { Sentence } from "../sentence.js";
import { LOCAL } from "./local/local.js";
import { RESIDUAL } from "./residual/residual.js";
import { XIAO_BAMLER } from "./xiao-bamler/xiao-bamler.js";

/* Each, as the records in hvae/architectures/known: layers: [lowest, highest] number of layers. step: heights and widths
   of pictures are multiples of it. latentShapes(config): of each layer, layer 1 first, without the batch. maps(config): its
   LinearMaps, in the order of torch's `named_modules`. buffers(config, layout): its feature maps. Network: its class. */
const ARCHITECTURES = new Map([
  ["residual", RESIDUAL],
  ["xiao-bamler", XIAO_BAMLER],
  ["local", LOCAL],
]);

/** The architecture of a config. Throws a Sentence if this program does not have it, or if it cannot be built. */
export function architectureOf(config) {
  const found = ARCHITECTURES.get(config.architecture);
  if (!found) {
    const name = JSON.stringify(config.architecture.slice(0, 40));
    throw new Sentence(`Models of the architecture ${name} do not run in the browser.`);
  }
  const reason = unbuildable(config, found);
  if (reason) throw new Sentence(`This model cannot be built: ${reason}.`);
  return found;
}

/** Numbers in each latent of a config, layer 1 first. Throws as `architectureOf`. */
export function latentSizes(config) {
  const shapes = architectureOf(config).latentShapes(config);
  return shapes.map((shape) => shape.reduce((product, side) => product * side));
}

/* Why there is no such network; undefined where there is one. */
function unbuildable({ width, layers, imageShape }, { layers: [low, high], step }) {
  if (width % 2) return "its width is odd";
  if (layers < low || layers > high)
    return `it has ${layers} layers, but its architecture has ${low === high ? low : `${low} to ${high}`}`;
  if (imageShape.slice(1).some((side) => side % step))
    return `the height and width of its pictures are not multiples of ${step}`;
  return undefined;
}
