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
 * unknown. error: their standard error in nats; no digit beyond it is written. */
export function rateText(nats, units = "nats", error = NaN) {
  const unit = units === "bits" ? Math.LN2 : 1;
  return withUnit(nats / unit, units, error / unit);
}

/* Decibels, likewise: `24.1 dB`. */
export function decibelText(decibels) {
  return withUnit(decibels, "dB");
}

function withUnit(value, unit, error = NaN) {
  if (!Number.isFinite(value)) return "–";
  const [, usual] = DECIMALS.find(([size]) => Math.abs(value) >= size);
  const decimals = Math.min(usual, lastDecimal(error));
  const tens = 10 ** Math.max(0, -decimals);
  const number = decimals < 0 ? Math.round(value / tens) * tens : value;
  return `${number.toFixed(Math.max(0, decimals)).replace("-", "−")} ${unit}`;
}

/* The decimal at which a standard error has its first digit, as `last_decimal` of app/page/words.py. */
function lastDecimal(error) {
  return error > 0 && Number.isFinite(error) ? -Number(error.toExponential(0).split("e")[1]) : Infinity;
}

/* A shift of a latent: +1.50, −0.20, 0. */
export function shiftText(shift) {
  const sign = shift > 0 ? "+" : shift < 0 ? "−" : "";
  return sign + Math.abs(shift).toFixed(shift ? 2 : 0);
}
