/* The worker's models: it fetches a file at the first question about it, and keeps the models used last. */

import { Subject } from "./answers/subject.js";
import { readCheckpoint } from "./files/checkpoint.js";
import { Kept } from "./kept.js";
import { Model } from "./network/model.js";
import { Parent } from "./network/parent.js";
import { Sentence } from "./sentence.js";

/** Packed weights to keep, in bytes: some 40 models of the atlas that ships. */
const MOST_BYTES = 64 * 2 ** 20;
/** The largest file, in bytes. */
const MOST_FILE = 64 * 2 ** 20;

export class Models {
  #engine;
  #images = new Map();
  #kept;

  constructor(engine, most = MOST_BYTES) {
    this.#engine = engine;
    this.#kept = new Kept(most);
  }

  /** Keep an atlas's test images, uint8 (N, C, H, W), for `subject`. */
  putImages(atlas, images) {
    this.#images.set(atlas, images);
  }

  /** Read a file before it is asked for. See `subject`. */
  async load(file) {
    await this.#loaded(file);
  }

  /** The subject of a wish's pictures.

      A wish has { atlas, file: { name, url or bytes, sha256 }, betas }. A file is kept by its name and its `sha256`
      or `url`, which must change with its content. It is a model's or a parent's file; for a parent, `betas`,
      [β₁, …, β_L], choose the model. Rejects with a Sentence. */
  async subject({ atlas, file, betas }) {
    const entry = await this.#loaded(file);
    const images = this.#images.get(atlas) ?? new Uint8Array();
    return entry.subject(images, betas);
  }

  async #loaded(file) {
    const key = `${file.name} ${file.sha256 ?? file.url ?? ""}`;
    let entry = this.#kept.get(key);
    if (!entry) {
      const data = file.bytes ? new Uint8Array(file.bytes) : await fetched(file);
      const checkpoint = await readCheckpoint(data, file.name, file.sha256);
      entry = checkpoint.betaRange
        ? new FoldedEntry(this.#engine, checkpoint)
        : new ModelEntry(this.#engine, checkpoint);
      this.#kept.put(key, entry);
    }
    return entry;
  }
}

/* A model, and its subject with the atlas's images. */
class ModelEntry {
  #model;
  #rates;
  #subject;

  constructor(engine, checkpoint) {
    this.#model = Model.from(engine, checkpoint);
    this.#rates = checkpoint.rates;
    this.size = this.#model.size;
  }

  subject(images) {
    if (this.#subject?.images !== images) this.#subject = new Subject(this.#model, images, this.#rates);
    return this.#subject;
  }

  close() {
    this.#model.close();
  }
}

/* A parent, and the subject of the model that it is folded into at present. */
class FoldedEntry {
  #parent;
  #subject;
  #betas = "";

  constructor(engine, checkpoint) {
    this.#parent = Parent.from(engine, checkpoint);
    this.size = this.#parent.size;
  }

  subject(images, betas) {
    const model = this.#parent.at(usable(betas, this.#parent));
    if (this.#subject?.images !== images || this.#betas !== betas.join())
      this.#subject = new Subject(model, images);
    this.#betas = betas.join();
    return this.#subject;
  }

  close() {
    this.#parent.close();
  }
}

/** How far β may lie beyond the parent's range, relative to β: addresses round it. The same as the server's. */
const EDGE = 1e-3;

function usable(betas, { config, betaRange: [low, high] }) {
  if (!Array.isArray(betas) || betas.length !== config.layers || !betas.every(Number.isFinite))
    throw new Sentence(`A model between the dots needs ${config.layers} values of β.`);
  if (betas.some((beta) => beta < low * (1 - EDGE) || beta > high * (1 + EDGE)))
    throw new Sentence(`This atlas's parent covers β from ${low} to ${high}.`);
  return betas;
}

async function fetched({ name, url }) {
  let response;
  try {
    response = await fetch(url);
  } catch {
    throw new Sentence(`${name} cannot be fetched: the server does not answer.`);
  }
  if (!response.ok) throw new Sentence(`${name} cannot be fetched (${response.status}).`);
  const length = Number(response.headers.get("Content-Length") ?? 0);
  if (length > MOST_FILE) throw new Sentence(`${name} is too large for the browser.`);
  return new Uint8Array(await response.arrayBuffer());
}
