/* The configuration of an HVAE; hvae/config.py says what its fields are. */

import { Sentence } from "../sentence.js";

const WHOLE = { layers: [1, 32], top_dim: [1, 4096], channels: [1, 1024], width: [2, 1024] };
const CHOICES = { inference: ["generalized", "ladder"], likelihood: ["gaussian", "bernoulli"] };
const DEFAULTS = {
  architecture: "residual",
  image_shape: [1, 32, 32],
  layers: 2,
  top_dim: 32,
  channels: 4,
  width: 32,
  inference: "generalized",
  likelihood: "gaussian",
  variance: 0.5,
};

export class Config {
  /** fields: as a checkpoint's metadata give them. Throws a Sentence, which calls the file `name`. */
  constructor(fields, name) {
    const fail = (reason) => {
      throw new Sentence(`${name} has no usable model config (${reason}).`);
    };
    if (typeof fields !== "object" || fields === null || Array.isArray(fields)) fail("it is not an object");
    for (const field of Object.keys(fields))
      if (!Object.hasOwn(DEFAULTS, field))
        fail(`it has the unknown field ${JSON.stringify(field.slice(0, 40))}`);
    const given = { ...DEFAULTS, ...fields };
    const shape = given.image_shape;
    if (!Array.isArray(shape) || shape.length !== 3 || !shape.every((side) => isWhole(side, 1, 1024)))
      fail("image_shape must be (channels, height, width)");
    if (shape[1] % 4 || shape[2] % 4) fail("image height and width must be multiples of 4");
    for (const [field, [low, high]] of Object.entries(WHOLE))
      if (!isWhole(given[field], low, high)) fail(`${field} must be a whole number in [${low}, ${high}]`);
    for (const [field, choices] of Object.entries(CHOICES))
      if (!choices.includes(given[field])) fail(`${field} must be ${choices.join(" or ")}`);
    if (typeof given.architecture !== "string") fail("architecture must be a name");
    if (typeof given.variance !== "number" || !(given.variance >= 1e-6 && given.variance <= 1e6))
      fail("variance must be in [1e-6, 1e6]");

    this.architecture = given.architecture;
    this.imageShape = shape;
    this.layers = given.layers;
    this.topDim = given.top_dim;
    this.channels = given.channels;
    this.width = given.width;
    this.inference = given.inference;
    this.likelihood = given.likelihood;
    this.variance = given.variance;
    /** [height, width] of the feature maps, finest first. */
    this.scales = [[shape[1] / 4, shape[2] / 4]];
    while (this.scales.length < Math.max(this.layers, 2))
      this.scales.push(this.scales.at(-1).map((side) => Math.ceil(side / 2)));
    /** Numbers in an image. */
    this.pixels = shape[0] * shape[1] * shape[2];
    /** The same for the same config. */
    this.key = JSON.stringify(Object.keys(DEFAULTS).map((field) => given[field]));
    Object.freeze(this);
  }
}

function isWhole(value, low, high) {
  return Number.isInteger(value) && low <= value && value <= high;
}
