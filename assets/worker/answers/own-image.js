/* A visitor's own image, as the server reads it from a PNG: app/pictures/your_image.py, with Pillow's arithmetic. */

import { Sentence } from "../sentence.js";

/** RGBA pixels { width, height, data }, not premultiplied, as uint8 (1, C, H, W): transparency becomes black.

    Throws a Sentence if their size is not the model's, or if the model has neither one channel nor three. */
export function fromPixels({ width, height, data }, [channels, modelHeight, modelWidth]) {
  if (channels !== 1 && channels !== 3)
    throw new Sentence(`An image of your own cannot be given to a model with ${channels} channels.`);
  if (width !== modelWidth || height !== modelHeight)
    throw new Sentence(
      `The image has ${width} × ${height} pixels: scale it to this model's ${modelWidth} × ${modelHeight}.`,
    );
  const area = width * height;
  const image = new Uint8Array(channels * area);
  for (let place = 0; place < area; place++) {
    const [red, green, blue] = [0, 1, 2].map((k) => onBlack(data[4 * place + k], data[4 * place + 3]));
    if (channels === 1) image[place] = (red * 19595 + green * 38470 + blue * 7471 + 0x8000) >> 16;
    else [image[place], image[area + place], image[2 * area + place]] = [red, green, blue];
  }
  return image;
}

/* value · opacity / 255, rounded as Pillow's alpha_composite does. */
function onBlack(value, opacity) {
  const product = value * opacity * 128 + 0x4000;
  return ((product >> 8) + product) >> 15;
}
