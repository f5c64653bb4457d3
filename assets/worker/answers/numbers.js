/* Numbers of a model: those of the server's addresses /rates/…, /estimates/… (nats per image, dB) and /map/…. */

import { SEED, indices, ownImage, parsed, whole } from "./queries.js";
import { placeIn } from "./directions.js";
import { fromPixels } from "./own-image.js";
import { joined } from "./subject.js";

const MOST_ESTIMATED = 256;
/** How many dimensions of z₂ are listed. */
const LEADING = 6;

const KINDS = {
  rates: {
    parameters: { images: indices(0, 8, []), image: ownImage, seed: SEED, draws: whole(1, 64, 16) },
    make: rates,
  },
  estimates: { parameters: { n: whole(1, MOST_ESTIMATED, MOST_ESTIMATED) }, make: estimates },
  map: { parameters: { image: ownImage }, make: map },
};

export const NUMBERS = Object.keys(KINDS);

/** Numbers of a subject. kind: one of NUMBERS. Numbers that are not finite become null. Throws a Sentence. */
export function numbers(subject, kind, query) {
  const { parameters, make } = KINDS[kind];
  return make(subject, parsed(parameters, query));
}

/* For each image, the rate of every layer, the distortion, and their sum: means over draws from the posterior. */
function rates(subject, query) {
  const { model } = subject,
    { pixels } = model.config,
    { draws, seed } = query;
  const images = subject.given(query, [0]);
  const noise = model.noise(draws, seed);
  const answers = [];
  for (let from = 0; from < images.length; from += pixels) {
    const image = images.subarray(from, from + pixels);
    const elbo = model.elbo(joined(Array.from({ length: draws }, () => image)), draws, noise);
    const byLayer = elbo.rates.map(mean),
      distortion = mean(elbo.distortion);
    answers.push(
      finite({
        ...Object.fromEntries(byLayer.map((rate, i) => [`rate_z${i + 1}`, rate])),
        distortion,
        neg_elbo: byLayer.reduce((sum, rate) => sum + rate, distortion),
      }),
    );
  }
  return { unit: "nats", images: answers };
}

/* Rates, distortion and PSNR on the first n test images, with standard errors, and the leading dimensions of z₂. */
function estimates({ model, images, count }, query) {
  const n = Math.min(query.n, count),
    { pixels } = model.config;
  const elbo = model.elbo(images, n, model.noise(n, 0));
  const { rates, distortion } = elbo;
  const total = Array.from({ length: n }, (_, i) => rates.reduce((sum, rate) => sum + rate[i], 0));
  const reconstructed = new Float32Array(n * pixels);
  model.reconstruct(images, n, reconstructed, null);
  const errors = Array.from({ length: n }, (_, i) => {
    let sum = 0;
    for (let at = i * pixels; at < (i + 1) * pixels; at++) sum += (reconstructed[at] - images[at] / 255) ** 2;
    return sum / pixels;
  });
  const columns = Object.fromEntries(
    [
      ...rates.map((rate, i) => [`rate_z${i + 1}`, rate]),
      ["rate_total", total],
      ["distortion", distortion],
      ["neg_elbo", total.map((rate, i) => rate + distortion[i])],
    ].flatMap(([name, terms]) => [
      [name, mean(terms)],
      [`${name}_se`, standardError(terms)],
    ]),
  );
  const error = mean(errors);
  return {
    images: n,
    ...finite({
      ...columns,
      psnr: 10 * Math.log10(1 / error),
      psnr_se: ((10 / Math.LN10) * standardError(errors)) / error,
    }),
    dimensions: leading(elbo.topRates),
  };
}

/* Where the test images lie in the leading plane of z₂, and where an image of the visitor's own does. */
function map({ model, plane }, { image }) {
  const own = image && model.residuals(fromPixels(image, model.config.imageShape), 1).at(-1);
  return { explained: plane.explained, places: plane.places, own: own && placeIn(plane, own) };
}

function leading(rates) {
  const known = Array.from(rates, (rate, dimension) => ({ dimension, rate })).filter(({ rate }) =>
    Number.isFinite(rate),
  );
  return known.sort((a, b) => b.rate - a.rate).slice(0, LEADING);
}

function mean(terms) {
  return terms.reduce((sum, term) => sum + term, 0) / terms.length;
}

function standardError(terms) {
  const middle = mean(terms);
  return Math.sqrt(
    terms.reduce((sum, term) => sum + (term - middle) ** 2, 0) / (terms.length - 1) / terms.length,
  );
}

function finite(values) {
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [name, Number.isFinite(value) ? value : null]),
  );
}
