/* An image as a PNG that is short enough for an address: unchanged if possible, or else with fewer colours.
 *
 * Addresses have limits: 4,094 bytes in gunicorn, about 8,000 in many proxies. Browsers write PNGs fast, not small.
 */
import { toBase64Url } from "../../server/base64url.js";

const LEVELS = [256, 128, 86, 64, 52, 43, 36, 32, 26, 18]; // of brightness, in each channel
const SCALES = [1, 2, 4, 8]; // sides of the squares that get one colour; 32 × 32 pixels never need more than 1
const SIGNATURE = [137, 80, 78, 71, 13, 10, 26, 10];

/* The central pixels of squares of `scale` × `scale`, at so many levels: rows of bytes, one or three to a pixel. */
function rowsOf({ data, width, height }, channels, scale, levels) {
  const middle = (place, end) => Math.min(end - 1, Math.floor(place / scale) * scale + (scale >> 1));
  const value = (row, column, channel) => {
    const byte = data[4 * (middle(row, height) * width + middle(column, width)) + channel];
    return Math.round((Math.round((byte * (levels - 1)) / 255) * 255) / (levels - 1));
  };
  return Array.from({ length: height }, (_, row) =>
    Uint8Array.from({ length: width * channels }, (_, i) => value(row, Math.floor(i / channels), i % channels)),
  );
}

/* The rows as PNG stores them, each after the number of its filter: 0 none, 1 the difference to the pixel on the left,
 * 2 to the pixel above. */
function filtered(rows, channels, filter) {
  const bytes = rows.map((row, number) => {
    const before = (i) => (filter === 1 ? row[i - channels] : filter === 2 ? rows[number - 1]?.[i] : 0) ?? 0;
    return [filter, ...row.map((byte, i) => byte - before(i))];
  });
  return Uint8Array.from(bytes.flat());
}

async function deflated(bytes) {
  const stream = new Blob([bytes]).stream().pipeThrough(new CompressionStream("deflate"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

function checksum(bytes) {
  let sum = -1;
  for (const byte of bytes) {
    sum ^= byte;
    for (let bit = 0; bit < 8; bit++) sum = (sum >>> 1) ^ (sum & 1 ? 0xedb88320 : 0);
  }
  return ~sum >>> 0;
}

const fourBytes = (number) => [24, 16, 8, 0].map((shift) => (number >>> shift) & 255);

function chunk(name, bytes) {
  const named = [...[...name].map((letter) => letter.charCodeAt(0)), ...bytes];
  return [...fourBytes(bytes.length), ...named, ...fourBytes(checksum(named))];
}

async function png(rows, width, channels) {
  const packed = await Promise.all([0, 1, 2].map((filter) => deflated(filtered(rows, channels, filter))));
  const [shortest] = packed.sort((one, other) => one.length - other.length);
  const header = [...fourBytes(width), ...fourBytes(rows.length), 8, channels === 1 ? 0 : 2, 0, 0, 0];
  return [...SIGNATURE, ...chunk("IHDR", header), ...chunk("IDAT", shortest), ...chunk("IEND", [])];
}

function toText(bytes) {
  return toBase64Url(btoa(bytes.map((byte) => String.fromCharCode(byte)).join("")));
}

/* A canvas as PNG in base64url of at most `most` characters; "" if even the coarsest form is longer. */
export async function shortPng(canvas, most) {
  const pixels = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  const { data, width } = pixels;
  const isGrey = data.every((byte, i) => i % 4 === 3 || byte === data[i - (i % 4)]);
  const channels = isGrey ? 1 : 3;
  for (const scale of SCALES) {
    for (const levels of LEVELS) {
      const text = toText(await png(rowsOf(pixels, channels, scale, levels), width, channels));
      if (text.length <= most) return text;
    }
  }
  return "";
}
