/* Diagonal Gaussians, as hvae/gaussian.py has them: rows of (mean [c], log_std [c]), one after the other.

   `q` and `p` are where those of the posterior and of the prior begin in `floats`; there are `rows`. */

/** As in hvae/gaussian.py: a standard deviation lies in e^−5 … e^5. */
const LOG_STD_BOUND = 5;

/** q, relative to p, becomes a posterior: mean p.mean + p.std · q.mean, log_std p.log_std + q.log_std; in place. */
export function relateToPrior(floats, q, p, rows, c) {
  each(rows, c, (mean, logStd) => {
    floats[q + mean] = floats[p + mean] + Math.exp(floats[p + logStd]) * floats[q + mean];
    floats[q + logStd] += floats[p + logStd];
  });
}

/** q becomes the normalised product of q and p (Sønderby et al., 2016, Eq. 18–19), in place. */
export function mergeWithPrior(floats, q, p, rows, c) {
  each(rows, c, (mean, logStd) => {
    const log = floats[q + logStd],
      other = floats[p + logStd];
    // The weight of q: its share of both precisions.
    const weight = 1 / (1 + Math.exp(2 * (log - other)));
    const sharper = Math.max(-2 * log, -2 * other),
      blunter = Math.min(-2 * log, -2 * other);
    floats[q + mean] = weight * floats[q + mean] + (1 - weight) * floats[p + mean];
    floats[q + logStd] = -0.5 * (sharper + Math.log1p(Math.exp(blunter - sharper)));
  });
}

/** Raw numbers at `q` become log_std, in place: std = e^−5 + log(1 + e^raw), at most e^5. */
export function fromSoftplus(floats, q, rows, c) {
  each(rows, c, (mean, logStd) => {
    const raw = floats[q + logStd];
    const std = Math.max(raw, 0) + Math.log1p(Math.exp(-Math.abs(raw))) + Math.exp(-LOG_STD_BOUND);
    floats[q + logStd] = Math.min(Math.log(std), LOG_STD_BOUND);
  });
}

/** KL(q ‖ p) of one dimension, nats. */
export function kl(mean, logStd, otherMean, otherLogStd) {
  const ratio = Math.exp(2 * (logStd - otherLogStd));
  const standardised = (mean - otherMean) * Math.exp(-otherLogStd);
  return otherLogStd - logStd + 0.5 * (ratio + standardised * standardised - 1);
}

function each(rows, c, visit) {
  for (let row = 0; row < rows; row++) for (let k = 2 * row * c; k < (2 * row + 1) * c; k++) visit(k, k + c);
}
