/* One model in one file, as `hvae` writes it: tensors and metadata, with one checksum. */

import { Config } from "./config.js";
import { readSafetensors } from "./safetensors.js";
import { Sentence } from "../sentence.js";

/** The key of the metadata that describe the model, as JSON. */
const KEY = "hvae";
const MAX_RATES = 4096;

/** A checkpoint from the bytes of its file: { tensors, config, rates, betaRange }.

    rates: what each dimension of z_L adds to its rate, nats; empty where unknown. betaRange: [low, high] of a
    parent, undefined for a model.
    digest: the SHA-256 of the whole file in hexadecimal digits, compared where it is given.
    Rejects with a Sentence, which calls the file `name`, where it is no checkpoint, is damaged, or has numbers
    that are not finite. Checksums are only compared where the browser computes them (not on plain http). */
export async function readCheckpoint(data, name, digest = "") {
  if (digest && globalThis.crypto?.subtle && (await sha256([data])) !== digest)
    throw new Sentence(`${name} is damaged: its checksum is not the one that the atlas gives.`);
  const { tensors, metadata } = readSafetensors(data, name);
  const text = metadata.get(KEY) ?? "";
  const about = described(text);
  if (about === undefined)
    throw new Sentence(`${name} was not written by this program: it says nothing about its model.`);
  if (!(await isAsWritten(text, about, tensors)))
    throw new Sentence(`${name} is damaged: its checksum is not the one that it carries.`);
  for (const { values } of tensors.values())
    if (!allFinite(values)) throw new Sentence(`${name} has weights that are not finite numbers.`);
  return {
    name,
    tensors,
    config: new Config(about.config, name),
    rates: dimensionRates(about.dimension_rates_z2),
    betaRange: "beta_range" in about ? betaRange(about.beta_range, name) : undefined,
  };
}

function described(text) {
  try {
    const about = JSON.parse(text);
    return typeof about === "object" && about !== null && !Array.isArray(about) ? about : undefined;
  } catch {
    return undefined;
  }
}

/* Whether the checksum in the metadata fits the rest of the file; true if there is no checksum. */
async function isAsWritten(text, about, tensors) {
  if (!("sha256" in about) || !globalThis.crypto?.subtle) return true;
  const encoder = new TextEncoder();
  // Cut out of the text: JSON.parse forgets how a number was written.
  const entry = `"sha256": ${JSON.stringify(about.sha256)}`;
  const rest = text.includes(`, ${entry}`) ? text.replace(`, ${entry}`, "") : text.replace(`${entry}, `, "");
  const parts = [encoder.encode(rest)];
  for (const key of [...tensors.keys()].sort(byCodePoint)) {
    const { type, shape, bytes } = tensors.get(key);
    const sides = shape.length === 1 ? `${shape[0]},` : shape.join(", ");
    parts.push(encoder.encode(`${key} ${type} (${sides})`), bytes);
  }
  return (await sha256(parts)) === about.sha256;
}

/* Python's order of texts; JavaScript's is that of UTF-16. */
function byCodePoint(a, b) {
  const [left, right] = [[...a], [...b]];
  for (let i = 0; i < Math.min(left.length, right.length); i++)
    if (left[i] !== right[i]) return left[i].codePointAt(0) - right[i].codePointAt(0);
  return left.length - right.length;
}

async function sha256(parts) {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", whole));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function allFinite(values) {
  if (values instanceof Uint16Array) {
    for (const half of values) if ((half & 0x7c00) === 0x7c00) return false;
    return true;
  }
  for (const value of values) if (value - value !== 0) return false;
  return true;
}

function dimensionRates(rates) {
  const known = Array.isArray(rates) && rates.length <= MAX_RATES && rates.every(Number.isFinite);
  return known ? rates : [];
}

function betaRange(range, name) {
  const [low, high] = Array.isArray(range) && range.length === 2 ? range : [];
  if (!Number.isFinite(low) || !Number.isFinite(high) || !(1e-9 <= low && low < high && high < 1e9))
    throw new Sentence(`${name} has no usable range of β.`);
  return [low, high];
}
