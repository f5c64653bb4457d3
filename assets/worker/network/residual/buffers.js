/* The memory of the architecture `residual`: feature maps, laid out once for each config. */

import { padded } from "../packing.js";

/** Buffers for `batch` images; place(count): the address of that many floats. */
export function buffers(config, batch, place) {
  const [colours, height, wide] = config.imageShape;
  const { layers, scales } = config;
  const width = padded(config.width),
    half = padded(config.width / 2);
  const channels = padded(config.channels),
    top = padded(config.topDim);
  const shared = new Map();
  const map = (h, w, c) => ({ at: place(batch * h * w * c), h, w, c });
  /* A map with a border of zeros, up to whole tiles of Winograd's; one for each shape, none of which is kept. */
  const bordered = (h, w, c) => {
    const key = `${h} ${w} ${c}`;
    if (!shared.has(key)) {
      const row = (4 * Math.ceil(w / 4) + 2) * c,
        image = (4 * Math.ceil(h / 4) + 2) * row;
      const at = place(batch * image);
      shared.set(key, { at, inner: at + 4 * (row + c), h, w, c, row, image });
    }
    return shared.get(key);
  };
  const atScales = (make) => scales.map(([h, w]) => make(h, w));
  /* Of each layer's latent, or the Gaussian that it is drawn from; `used`: channels that are not padding. */
  const ofLayers = (numbers) =>
    Array.from({ length: layers }, (_, i) =>
      i < layers - 1
        ? { ...map(...scales[i], numbers * channels), used: config.channels }
        : { ...map(1, 1, numbers * top), used: config.topDim },
    );
  const [h, w] = scales[0];
  const tiles = (h, w) => Math.ceil(h / 4) * Math.ceil(w / 4);
  const fine = tiles(h, w) * Math.max(width + 4 * half, channels + width);
  const finest = tiles(2 * h, 2 * w) * (half + 4 * colours);
  return {
    image: bordered(height, wide, colours),
    stem: map(height / 2, wide / 2, half),
    stemBordered: bordered(height / 2, wide / 2, half),
    features: atScales((h, w) => map(h, w, width)),
    contexts: atScales((h, w) => map(h, w, width)),
    hidden: atScales((h, w) => map(h, w, width)),
    inner: atScales((h, w) => map(h, w, width)),
    activated: atScales((h, w) => map(h, w, width)),
    pair: atScales((h, w) => map(h, w, 2 * width)),
    bordered: atScales((h, w) => bordered(h, w, width)),
    latentBordered: scales.slice(0, layers - 1).map(([h, w]) => bordered(h, w, channels)),
    priors: ofLayers(2),
    posteriors: ofLayers(2),
    noise: ofLayers(1),
    latents: ofLayers(1),
    up: map(h, w, 4 * half),
    upBordered: bordered(2 * h, 2 * w, half),
    logits: map(2 * h, 2 * w, 4 * colours),
    means: place(batch * config.pixels),
    rgba: place(batch * height * wide),
    scratch: place(36 * batch * Math.max(fine, finest)),
  };
}

/** Floats that a network for `batch` images works on. */
export function workingSize(config, batch) {
  let size = 0;
  buffers(config, batch, (count) => {
    size += 16 * Math.ceil(count / 16);
    return 0;
  });
  return size;
}
