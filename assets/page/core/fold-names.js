/* Names of the parent's folds, which say where each fold is. */
import { shortNumber } from "./numbers.js";
import { FOLD_DIGITS, FOLD_NAME } from "./shared-constants.js";

export function foldName(beta2, beta1) {
  return `fold_b2-${shortNumber(beta2, FOLD_DIGITS)}_b1-${shortNumber(beta1, FOLD_DIGITS)}`;
}

/* [β₂, β₁] of a fold's name; null of any other name. */
export function betasOfFold(name) {
  const match = FOLD_NAME.exec(name || "");
  return match && [Number(match[1]), Number(match[2])];
}

export function isFold(name) {
  return betasOfFold(name) !== null;
}
