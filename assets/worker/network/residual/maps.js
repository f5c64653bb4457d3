/* The linear maps of the architecture `residual`, and where each part of the network finds its own. */

import { LinearMap, Order, padded } from "../packing.js";

/** Below this many input channels the transforms cost more than they save. */
const WINOGRAD_FROM = 16;

/** Why this network cannot be built from a config; undefined where it can. */
export function unbuildable(config) {
  return config.width % 2 ? "its width is odd" : undefined;
}

/** The linear maps by torch's names, in the order of `HVAE.named_modules()`. */
export function maps(config) {
  const { width, channels, topDim, layers, inference } = config;
  const [colours] = config.imageShape;
  const all = [];
  const three = (name, cIn, rows, { stride = 1, pad = padded } = {}) => {
    const winograd = stride === 1 && pad(cIn) >= WINOGRAD_FROM;
    all.push(new LinearMap(name, rows, new Order([cIn], 9, pad), { taps: 3, winograd }));
  };
  const one = (name, parts, rows) => all.push(new LinearMap(name, rows, new Order(parts)));
  const linear = (name, rows, columns) => all.push(new LinearMap(name, rows, columns, { taps: 0 }));
  const hidden = new Order([width]),
    gaussian = new Order([channels, channels]);
  const block = (name) => {
    three(`${name}.conv1`, width, hidden);
    three(`${name}.conv2`, width, hidden);
  };

  three("bottom_up.stem.0", colours, new Order([width / 2]), { stride: 2, pad: (count) => count });
  three("bottom_up.stem.2", width / 2, hidden, { stride: 2 });
  block("bottom_up.stem.3");
  for (let down = 1; down < config.scales.length; down++)
    three(`bottom_up.downs.${down - 1}`, width, hidden, { stride: 2 });
  for (let layer = 1; layer < layers; layer++) {
    const name = `layers.${layer - 1}`;
    one(`${name}.prior_head`, [width], gaussian);
    if (inference === "generalized") {
      one(`${name}.merge`, [width, width], hidden);
      three(`${name}.conv`, width, hidden);
    }
    one(`${name}.posterior_head`, [width], gaussian);
  }
  const [height, wide] = config.scales.at(-1),
    laidOut = new Order([width], height * wide);
  linear(`layers.${layers - 1}.posterior_head`, new Order([topDim, topDim]), laidOut);
  for (let layer = 1; layer <= layers; layer++) {
    const name = `grow.${layer - 1}`;
    if (layer < layers) three(`${name}.embed`, channels, hidden);
    else linear(`${name}.embed`, laidOut, new Order([topDim]));
    block(`${name}.block`);
  }
  three("picture_head.up", width, new Order([width / 2], 4));
  three("picture_head.out", width / 2, new Order([4 * colours]));
  return all;
}

/** The maps of each part of the network, and where its numbers begin: in bytes from its weights, and from its affine
   numbers. */
export function mapsByPart({ layers, scales }, packing) {
  const places = new Map(
    packing.maps.map((map) => {
      const scale = 4 * packing.affineStarts.get(map),
        { run, cOut, winograd } = map;
      return [
        map.name,
        { run, cOut, winograd, start: 4 * packing.starts.get(map), scale, bias: scale + 4 * cOut },
      ];
    }),
  );
  const named = (name) => places.get(name);
  const block = (name) => ({ conv1: named(`${name}.conv1`), conv2: named(`${name}.conv2`) });
  const ofLayers = (make) => Array.from({ length: layers }, (_, i) => make(i));
  return {
    bottomUp: {
      first: named("bottom_up.stem.0"),
      second: named("bottom_up.stem.2"),
      block: block("bottom_up.stem.3"),
      downs: scales.slice(1).map((_, i) => named(`bottom_up.downs.${i}`)),
    },
    layers: ofLayers((i) => ({
      prior: named(`layers.${i}.prior_head`),
      merge: named(`layers.${i}.merge`),
      conv: named(`layers.${i}.conv`),
      posterior: named(`layers.${i}.posterior_head`),
    })),
    grow: ofLayers((i) => ({ embed: named(`grow.${i}.embed`), block: block(`grow.${i}.block`) })),
    head: { up: named("picture_head.up"), out: named("picture_head.out") },
  };
}
