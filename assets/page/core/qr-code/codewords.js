/* Bytes as the codewords of a QR code: byte mode, error correction level M (ISO/IEC 18004, 7.4 and 7.5). */

// For each version, from 1: error correction codewords in a block, and blocks.
const CORRECTION = [
  ...[10, 16, 26, 18, 24, 16, 18, 22, 22, 26, 30, 22, 22, 24, 24, 28, 28, 26, 26, 26],
  ...[26, 28, 28, 28, 28, 28, 28, 28, 28, 28, 28, 28, 28, 28, 28, 28, 28, 28, 28, 28],
];
const BLOCKS = [
  ...[1, 1, 1, 2, 2, 4, 4, 4, 5, 5, 5, 8, 9, 9, 10, 10, 11, 13, 14, 16],
  ...[17, 17, 18, 20, 21, 23, 25, 26, 28, 29, 31, 33, 35, 37, 38, 40, 43, 45, 47, 49],
];
const BYTE_MODE = 0b0100;
const PADDING = [0xec, 0x11];
const FIELD = 0x11d; // GF(256) is the polynomials over GF(2), modulo this one

/* All codewords that a version has room for. */
function room(version) {
  const alignment = version === 1 ? 0 : Math.floor(version / 7) + 2;
  const inAlignment = alignment ? (25 * alignment - 10) * alignment - 55 : 0;
  return Math.floor(((16 * version + 128) * version + 64 - inAlignment - (version >= 7 ? 36 : 0)) / 8);
}

function roomForData(version) {
  return room(version) - CORRECTION[version - 1] * BLOCKS[version - 1];
}

function countBits(version) {
  return version < 10 ? 8 : 16;
}

/* The smallest version that has room for so many bytes; undefined if none has. */
export function versionFor(count) {
  const versions = CORRECTION.map((_, index) => index + 1);
  return versions.find((version) => 4 + countBits(version) + 8 * count <= 8 * roomForData(version));
}

/* Mode, count, bytes and padding, as bytes. */
function dataCodewords(bytes, version) {
  const bits = [];
  const put = (value, count) => {
    for (let at = count - 1; at >= 0; at -= 1) bits.push((value >> at) & 1);
  };
  const most = 8 * roomForData(version);
  put(BYTE_MODE, 4);
  put(bytes.length, countBits(version));
  for (const byte of bytes) put(byte, 8);
  put(0, Math.min(4, most - bits.length));
  put(0, -bits.length & 7);
  for (let turn = 0; bits.length < most; turn += 1) put(PADDING[turn % 2], 8);
  const codewords = new Uint8Array(most / 8);
  bits.forEach((bit, at) => (codewords[at >> 3] |= bit << (7 - (at & 7))));
  return codewords;
}

/* A product in GF(256). */
function times(one, other) {
  let product = 0;
  for (let bit = 7; bit >= 0; bit -= 1) {
    product = (product << 1) ^ ((product >> 7) * FIELD);
    product ^= ((other >> bit) & 1) * one;
  }
  return product;
}

/* ∏ (x − 2ⁱ) for i < degree: its coefficients after the first, which is 1. */
function generator(degree) {
  const coefficients = new Uint8Array(degree);
  coefficients[degree - 1] = 1;
  let root = 1;
  for (let turn = 0; turn < degree; turn += 1) {
    for (let at = 0; at < degree; at += 1) {
      coefficients[at] = times(coefficients[at], root) ^ (coefficients[at + 1] ?? 0);
    }
    root = times(root, 2);
  }
  return coefficients;
}

/* The Reed-Solomon codewords of a block: the rest of a division by the generator. */
function correction(block, divisor) {
  const rest = new Uint8Array(divisor.length);
  for (const byte of block) {
    const factor = byte ^ rest[0];
    rest.copyWithin(0, 1);
    rest[rest.length - 1] = 0;
    divisor.forEach((coefficient, at) => (rest[at] ^= times(coefficient, factor)));
  }
  return rest;
}

/* The first of each block, the second of each, … */
function interleaved(blocks) {
  const longest = Math.max(...blocks.map((block) => block.length));
  return Array.from({ length: longest }, (_, at) => blocks.filter((block) => at < block.length).map((block) => block[at]))
    .flat();
}

/* The codewords of a version that say these bytes, in the order in which they are placed. */
export function codewordsOf(bytes, version) {
  const data = dataCodewords(bytes, version);
  const count = BLOCKS[version - 1];
  const short = Math.floor(data.length / count);
  const longer = data.length % count; // blocks, the last ones, that have one more
  const blocks = [];
  for (let at = 0; blocks.length < count; ) {
    const length = short + (blocks.length >= count - longer ? 1 : 0);
    blocks.push(data.subarray(at, at + length));
    at += length;
  }
  const divisor = generator(CORRECTION[version - 1]);
  return [...interleaved(blocks), ...interleaved(blocks.map((block) => correction(block, divisor)))];
}
