/* The pixels of a visitor's own image, which travels in addresses as a PNG in base64url. */

import { fromBase64Url } from "../../server/base64url.js";

const PNG = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];
const MOST_SIDE = 1024;

let last = { text: "", pixels: null }; // another model gets the same image

/* {width, height, data} of an image, RGBA. Rejects if it is no PNG, or not opaque: a canvas does not return the exact
 * colours of half transparent pixels. */
export async function ownPixels(text) {
  if (last.text !== text) last = { text, pixels: await decoded(text) };
  return last.pixels;
}

async function decoded(text) {
  const bytes = Uint8Array.from(atob(fromBase64Url(text)), (one) => one.charCodeAt(0));
  if (PNG.some((byte, index) => bytes[index] !== byte)) throw new Error("The image is not a PNG.");
  const size = new DataView(bytes.buffer);
  // Check the claimed size before unpacking.
  if (bytes.length < 24 || size.getUint32(16) > MOST_SIDE || size.getUint32(20) > MOST_SIDE)
    throw new Error("The image is too large.");
  const bitmap = await createImageBitmap(new Blob([bytes], { type: "image/png" }), { colorSpaceConversion: "none" });
  const { width, height } = bitmap;
  const canvas = Object.assign(document.createElement("canvas"), { width, height });
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.drawImage(bitmap, 0, 0);
  bitmap.close();
  const { data } = context.getImageData(0, 0, width, height);
  for (let at = 3; at < data.length; at += 4) if (data[at] !== 255) throw new Error("The image is not opaque.");
  return { width, height, data };
}
