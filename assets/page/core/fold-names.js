/* Names of the parent's folds, which contain β₂ and β₁. */
import { shortNumber } from "./numbers.js";
import { FOLD } from "./shared-constants.js";

const PATTERN = new RegExp(`^${FOLD.pattern}$`);

export function foldName(beta2, beta1) {
  const [first, second] = [beta2, beta1].map((beta) => shortNumber(beta, FOLD.digits));
  return FOLD.name.replace("{beta_2}", first).replace("{beta_1}", second);
}

/* [β₂, β₁] of a fold's name; null for any other name. */
export function betasOfFold(name) {
  const match = PATTERN.exec(name || "");
  return match && [Number(match[1]), Number(match[2])];
}

export function isFold(name) {
  return betasOfFold(name) !== null;
}
