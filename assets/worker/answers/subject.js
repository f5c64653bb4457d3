/* The source of all answers: a model, the atlas's test images, and what follows from both. */

import { leadingDirections, leadingPlane } from "./directions.js";
import { fromPixels } from "./own-image.js";
import { Sentence } from "../sentence.js";

export class Subject {
  #order;
  #directions;
  #plane;

  /** images: uint8 (N, C, H, W) of the model's shape. rates: of each dimension of z_L, in nats; empty if
      unknown. Throws a Sentence if the images have another shape. */
  constructor(model, images, rates = []) {
    const { pixels } = model.config;
    if (images.length % pixels) throw new Sentence("The test images do not have the shape of this model's.");
    this.model = model;
    this.images = images;
    this.count = images.length / pixels;
    this.rates = rates;
  }

  /** Test images by their indices. Throws a Sentence if one does not exist. */
  chosen(indices) {
    const beyond = indices.find((index) => index >= this.count);
    if (beyond !== undefined)
      throw new Sentence(`There is no image ${beyond}: this atlas has ${this.count}, counted from 0.`);
    return joined(indices.map((index) => this.#image(index)));
  }

  /** The images of a query: those named, the visitor's own, or test images `otherwise`. Throws a Sentence. */
  given({ images, image }, otherwise) {
    if (images.length && image) throw new Sentence("Either images or image can be given, not both.");
    return image
      ? fromPixels(image, this.model.config.imageShape)
      : this.chosen(images.length ? images : otherwise);
  }

  /** The dimensions of z_L, highest rate first. Unknown rates are measured on the test images. */
  get dimensionOrder() {
    if (!this.#order) {
      const known = this.rates.length === this.model.config.topDim;
      const rates = known ? this.rates : this.model.topRates(this.images, this.count);
      this.#order = Array.from(rates.keys()).sort((a, b) => rates[b] - rates[a]);
    }
    return this.#order;
  }

  /** The leading directions of z₁ over the test images; see `leadingDirections`. */
  get directions() {
    if (!this.#directions) {
      const [residuals] = this.model.residuals(this.images, this.count);
      this.#directions = leadingDirections(residuals, this.count, this.model.latentSizes[0]);
    }
    return this.#directions;
  }

  /** The leading plane of z_L over the test images; see `leadingPlane`. */
  get plane() {
    if (!this.#plane) {
      const top = this.model.residuals(this.images, this.count).at(-1);
      this.#plane = leadingPlane(top, this.count, this.model.config.topDim);
    }
    return this.#plane;
  }

  #image(index) {
    const { pixels } = this.model.config;
    return this.images.subarray(index * pixels, (index + 1) * pixels);
  }
}

/** Typed arrays of one kind, one after the other. */
export function joined(parts) {
  const all = new parts[0].constructor(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
