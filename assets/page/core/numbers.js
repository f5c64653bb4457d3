/* Numbers as text. */
import { BETA_DIGITS, DECIMALS } from "./shared-constants.js";

/* A number with so many significant digits, in the form of Python's `{value:.4g}`. */
export function shortNumber(value, digits) {
  const [mantissa, exponent] = value.toExponential(digits - 1).split("e");
  const power = Number(exponent);
  if (power >= -4 && power < digits) return String(Number(value.toPrecision(digits)));
  const two = String(Math.abs(power)).padStart(2, "0");
  return `${Number(mantissa)}e${power < 0 ? "-" : "+"}${two}`;
}

/* β, as `beta_text` of app/page/words.py writes it. */
export function betaText(beta) {
  return shortNumber(beta, BETA_DIGITS);
}

/* Nats in a unit, "nats" or "bits", as `value_text` of app/page/words.py writes them: `12.3 nats`; a dash if
 * unknown. */
export function rateText(nats, units = "nats") {
  return withUnit(units === "bits" ? nats / Math.LN2 : nats, units);
}

/* Decibels, likewise: `24.1 dB`. */
export function decibelText(decibels) {
  return withUnit(decibels, "dB");
}

function withUnit(value, unit) {
  if (!Number.isFinite(value)) return "–";
  const [, decimals] = DECIMALS.find(([size]) => Math.abs(value) >= size);
  return `${value.toFixed(decimals).replace("-", "−")} ${unit}`;
}

/* A shift of a latent: +1.50, −0.20, 0. */
export function shiftText(shift) {
  const sign = shift > 0 ? "+" : shift < 0 ? "−" : "";
  return sign + Math.abs(shift).toFixed(shift ? 2 : 0);
}
