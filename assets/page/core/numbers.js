/* Numbers as text. */

/* A number with so many significant digits, as Python writes `{value:.4g}`. */
export function shortNumber(value, digits) {
  const [mantissa, exponent] = value.toExponential(digits - 1).split("e");
  const power = Number(exponent);
  if (power >= -4 && power < digits) return String(Number(value.toPrecision(digits)));
  const two = String(Math.abs(power)).padStart(2, "0");
  return `${Number(mantissa)}e${power < 0 ? "-" : "+"}${two}`;
}

/* Nats in a unit, "nats" or "bits", as app/page/words.py writes them: `12.3 nats`. A dash where nothing is known. */
export function rateText(nats, units) {
  if (!Number.isFinite(nats)) return "–";
  const value = units === "bits" ? nats / Math.LN2 : nats;
  const digits = Math.abs(value) >= 1000 ? 0 : Math.abs(value) >= 10 ? 1 : 2;
  return `${value.toFixed(digits)} ${units}`;
}

/* A shift of a latent: +1.50, −0.20, 0. */
export function shiftText(shift) {
  const sign = shift > 0 ? "+" : shift < 0 ? "−" : "";
  return sign + Math.abs(shift).toFixed(shift ? 2 : 0);
}
