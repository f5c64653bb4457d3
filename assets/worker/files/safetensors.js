/* The container of a checkpoint: tensors and a text about them, in the format of safetensors.

   8 bytes for the header's length, the header as JSON, and the numbers. Whoever wrote the file may be a stranger:
   everything that the header says is compared with what is there before anything is made of it, and what is made
   are views of the bytes. */

import { Sentence } from "../sentence.js";

const MAX_HEADER = 2 ** 21;
const MAX_DIMENSIONS = 8;
/** Supported types, and their bytes per number. float16 stays as it is, in a Uint16Array. */
const TYPES = {
  F16: { size: 2, array: Uint16Array, torch: "torch.float16" },
  F32: { size: 4, array: Float32Array, torch: "torch.float32" },
};

/** A file's tensors, name → { type, shape, values, bytes }, and its metadata, name → text.

    data: Uint8Array of the whole file. Throws a Sentence, which calls the file `name`. */
export function readSafetensors(data, name) {
  const fail = (reason) => {
    throw new Sentence(`${name} cannot be read as a checkpoint (${reason}).`);
  };
  if (data.byteLength < 8) fail("it is shorter than its header");
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const length = Number(view.getBigUint64(0, true));
  if (length > MAX_HEADER) fail("its header is longer than 2 MiB");
  if (length > data.byteLength - 8) fail("it is shorter than its header");
  const header = parsed(data.subarray(8, 8 + length));
  if (!isObject(header)) fail("its header is not a JSON object");

  const metadata = new Map(Object.entries(header.__metadata__ ?? {}));
  for (const text of metadata.values()) if (typeof text !== "string") fail("its metadata are not texts");

  const numbers = aligned(data, 8 + length);
  const entries = Object.entries(header).filter(([key]) => key !== "__metadata__");
  const tensors = new Map();
  for (const [key, entry] of entries) tensors.set(key, tensor(key, entry, numbers, fail));
  // One after the other, without gaps or overlaps.
  let end = 0;
  for (const { start, bytes } of [...tensors.values()].sort(
    (a, b) => a.start - b.start || a.bytes.length - b.bytes.length,
  )) {
    if (start !== end) fail("its tensors overlap, or leave gaps");
    end += bytes.length;
  }
  if (end !== numbers.length) fail("it is not as long as its header says");
  return { tensors, metadata };
}

function tensor(key, entry, numbers, fail) {
  const shown = JSON.stringify(key.slice(0, 40));
  if (!isObject(entry)) fail(`its header does not describe ${shown}`);
  const { dtype, shape, data_offsets: offsets } = entry;
  const type = Object.hasOwn(TYPES, dtype)
    ? TYPES[dtype]
    : fail(`${shown} holds neither float16 nor float32`);
  if (!isCounts(shape) || shape.length > MAX_DIMENSIONS) fail(`${shown} has no usable shape`);
  if (!isCounts(offsets) || offsets.length !== 2) fail(`${shown} has no usable place`);
  const [start, end] = offsets;
  if (start > end || end > numbers.length) fail(`${shown} lies outside the file`);
  // A product beyond 2⁵³ is no longer exact, but far from any length of a file.
  const count = shape.reduce((product, side) => product * side, 1);
  if (count * type.size !== end - start) fail(`${shown} has another size than its shape`);
  const bytes = numbers.subarray(start, end);
  const own = bytes.byteOffset % type.size ? bytes.slice() : bytes;
  return { type: type.torch, shape, start, bytes, values: new type.array(own.buffer, own.byteOffset, count) };
}

/* The bytes after the header, aligned for all types. */
function aligned(data, start) {
  const rest = data.subarray(start);
  return rest.byteOffset % 4 ? rest.slice() : rest;
}

function parsed(bytes) {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    return undefined;
  }
}

const isObject = (value) => typeof value === "object" && value !== null && !Array.isArray(value);
const isCounts = (value) =>
  Array.isArray(value) && value.every((count) => Number.isSafeInteger(count) && count >= 0);
