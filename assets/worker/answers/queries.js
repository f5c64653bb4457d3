/* Queries of a kind of answer: named parameters, each with a default and bounds. */

import { Sentence } from "../sentence.js";

export const MOST_PICTURES = 64;

/** Kinds of parameters. otherwise: the default. read(value): the value, or undefined if it is not as it `should` be. */
export const whole = (low, high, otherwise) => ({
  otherwise,
  should: `be a whole number from ${low} to ${high}`,
  read: (value) => (Number.isInteger(value) && low <= value && value <= high ? value : undefined),
});
export const real = (low, high, otherwise) => ({
  otherwise,
  should: `be a number from ${low} to ${high}`,
  read: (value) => (isBetween(value, low, high) ? value : undefined),
});
export const choice = (...values) => ({
  otherwise: values[0],
  should: `be ${values.join(" or ")}`,
  read: (value) => (values.includes(value) ? value : undefined),
});
/** Indices of test images, `fewest` to `most` of them. */
export const indices = (fewest, most, otherwise, { once = false } = {}) => ({
  otherwise,
  should: `be ${fewest} to ${most} indices of images${once ? ", each named once" : ""}`,
  read: (value) => {
    const usable =
      Array.isArray(value) && fewest <= value.length && value.length <= most && value.every(isIndex);
    return usable && !(once && new Set(value).size < value.length) ? value : undefined;
  },
});
/** Name of a direction → shift; shifts of 0 are left out. */
export const shifts = (name, most) => ({
  otherwise: {},
  should: `give each direction, as in z2.3, a number from −${most} to ${most}`,
  read: (value) => {
    if (typeof value !== "object" || value === null) return undefined;
    const all = Object.entries(value);
    if (!all.every(([key, shift]) => name.test(key) && isBetween(shift, -most, most))) return undefined;
    return Object.fromEntries(all.filter(([, shift]) => shift !== 0));
  },
});
/** The pixels of a visitor's own image, { width, height, data } in RGBA; null for none. */
export const ownImage = {
  otherwise: null,
  should: "be the pixels of an image",
  read: (value) => {
    const { width, height, data } = value ?? {};
    const bytes = data instanceof Uint8Array || data instanceof Uint8ClampedArray;
    return value === null || (bytes && data.length > 0 && data.length === 4 * width * height)
      ? value
      : undefined;
  },
};
export const SEED = whole(0, 2 ** 31 - 1, 0);

/** The values of all `parameters` in a query. Throws a Sentence that names the first that is wrong. */
export function parsed(parameters, query) {
  const other = Object.keys(query).find((name) => !Object.hasOwn(parameters, name));
  if (other !== undefined) throw new Sentence(`There is no parameter ${JSON.stringify(other.slice(0, 40))}.`);
  return Object.fromEntries(
    Object.entries(parameters).map(([name, { otherwise, should, read }]) => {
      const value = Object.hasOwn(query, name) ? read(query[name]) : otherwise;
      if (value === undefined) throw new Sentence(`The parameter ${name} is not valid: it should ${should}.`);
      return [name, value];
    }),
  );
}

const isIndex = (value) => Number.isInteger(value) && 0 <= value && value < 1e6;
const isBetween = (value, low, high) => typeof value === "number" && low <= value && value <= high;
