/* p(x|z₁): Gaussian with a fixed variance around pixel means, or Bernoulli; hvae's `negative_log_likelihood`. */

/** −log p(x|z₁) of an image uint8 (C, H, W), nats, constants included, for picture `i` of a map of logits in `floats`. */
export function negativeLogLikelihood(
  { likelihood, variance, imageShape },
  image,
  floats,
  { at, h, w, c },
  i,
) {
  const [channels, height, width] = imageShape;
  const term = likelihood === "bernoulli" ? crossEntropy : squaredError;
  let sum = 0;
  let from = at / 4 + i * h * w * c;
  for (let y = 0; y < h; y++)
    for (let x = 0; x < w; x++)
      for (let k = 0; k < channels; k++)
        for (let d = 0; d < 4; d++) {
          const place = (k * height + 2 * y + (d >> 1)) * width + 2 * x + (d & 1);
          sum += term(image[place] / 255, floats[from++]);
        }
  if (likelihood === "bernoulli") return sum;
  return sum / (2 * variance) + 0.5 * Math.log(2 * Math.PI * variance) * image.length;
}

function squaredError(x, logit) {
  const error = x - 1 / (1 + Math.exp(-logit));
  return error * error;
}

function crossEntropy(x, logit) {
  return Math.max(logit, 0) - logit * x + Math.log1p(Math.exp(-Math.abs(logit)));
}
