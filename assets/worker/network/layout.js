/* Where the feature maps of a network lie: maps and borders, laid out once for each config. */

import { padded } from "./packing.js";

/** Places for maps of `batch` images. place(count): the address of that many floats, all of them zero.

    A map is { at, h, w, c, inner, row, image }: its first pixel is at `inner`, and rows and images are `row` and `image`
    floats apart. Its pixels follow each other, except in a map with a border, which begins at `at`. */
class Layout {
  #batch;
  #place;
  #shared = new Map();

  constructor(batch, place) {
    this.#batch = batch;
    this.#place = place;
  }

  map(h, w, c) {
    const at = this.#place(this.#batch * h * w * c);
    return { at, inner: at, h, w, c, row: w * c, image: h * w * c };
  }

  /** A map with a border of zeros, up to whole tiles of Winograd's; one for each shape, none of which is kept. */
  bordered(h, w, c) {
    const key = `${h} ${w} ${c}`;
    if (!this.#shared.has(key)) {
      const row = (4 * Math.ceil(w / 4) + 2) * c,
        image = (4 * Math.ceil(h / 4) + 2) * row;
      const at = this.#place(this.#batch * image);
      this.#shared.set(key, { at, inner: at + 4 * (row + c), h, w, c, row, image });
    }
    return this.#shared.get(key);
  }

  /** Room for the tiles of convolutions by Winograd; of each its output's height and width, and both counts of
      channels. */
  scratch(convolutions) {
    const tiles = (h, w) => Math.ceil(h / 4) * Math.ceil(w / 4);
    const most = Math.max(...convolutions.map(([h, w, cIn, cOut]) => tiles(h, w) * (cIn + cOut)));
    return this.#place(36 * this.#batch * most);
  }

  /** The maps of every network. shapes: of each latent, layer 1 first: [channels, h, w], or [numbers] of a vector. */
  common({ imageShape: [colours, height, width], pixels }, shapes) {
    /* Of each latent, or the Gaussian that it is drawn from; `used`: channels that are not padding. */
    const ofLayers = (numbers) =>
      shapes.map(([used, h = 1, w = 1]) => ({ ...this.map(h, w, numbers * padded(used)), used }));
    return {
      image: this.bordered(height, width, colours),
      priors: ofLayers(2),
      posteriors: ofLayers(2),
      noise: ofLayers(1),
      latents: ofLayers(1),
      logits: this.map(height / 2, width / 2, 4 * colours),
      means: this.#place(this.#batch * pixels),
      rgba: this.#place(this.#batch * height * width),
    };
  }
}

/** From the channel `first` on, the pixels of another map: where a map beside another begins. */
export function beside(map, first) {
  return { ...map, inner: map.inner + 4 * first };
}

/** Floats that a network for `batch` images works on. buffers: an architecture's. */
export function workingSize(buffers, config, batch) {
  let size = 0;
  placed(buffers, config, batch, (count) => {
    size += count;
    return 0;
  });
  return size;
}

/** The buffers of a network for `batch` images, from the address `start` on. */
export function buffersFrom(start, buffers, config, batch) {
  let end = start;
  return placed(buffers, config, batch, (count) => {
    const at = end;
    end += 4 * count;
    return at;
  });
}

/* Each block begins at a multiple of 64 bytes. */
function placed(buffers, config, batch, place) {
  return buffers(config, new Layout(batch, (count) => place(16 * Math.ceil(count / 16))));
}
