/* Colours in OKLab (Ottosson 2020), where the page mixes them; the counterpart of app/page/figures/colours.py. */

/* [lightness, a, b] to [red, green, blue], each 0 to 255. */
function toSrgb([l, a, b]) {
  const [x, y, z] = [
    l + 0.3963377774 * a + 0.2158037573 * b,
    l - 0.1055613458 * a - 0.0638541728 * b,
    l - 0.0894841775 * a - 1.291485548 * b,
  ].map((value) => value ** 3);
  return [
    4.0767416621 * x - 3.3077115913 * y + 0.2309699292 * z,
    -1.2684380046 * x + 2.6097574011 * y - 0.3413193965 * z,
    -0.0041960863 * x - 0.7034186147 * y + 1.707614701 * z,
  ].map((value) => {
    const linear = Math.min(1, Math.max(0, value));
    return Math.round(255 * (linear <= 0.0031308 ? linear * 12.92 : 1.055 * linear ** (1 / 2.4) - 0.055));
  });
}

/* The place of β in a range on a logarithmic scale, 0 to 1. */
function placeIn([low, high], beta) {
  if (high <= low) return 0.5;
  return Math.min(1, Math.max(0, Math.log(beta / low) / Math.log(high / low)));
}

/* The shared colour code at [β₂, β₁], [red, green, blue]. ranges: of β₂ and of β₁, at whose ends the corners are. */
export function codeColour(corners, ranges, betas) {
  const [across, up] = betas.map((beta, index) => placeIn(ranges[index], beta));
  return toSrgb(between(corners, across, up));
}

/* [red, green, blue], each 0 to 255, as `#rrggbb`. */
export function hex(colour) {
  return `#${colour.map((value) => value.toString(16).padStart(2, "0")).join("")}`;
}

/* The colour at a place of the unit square between four corners, [[low-low, low-high], [high-low, high-high]]. */
function between([[lowLow, lowHigh], [highLow, highHigh]], across, up) {
  return [0, 1, 2].map(
    (i) =>
      lowLow[i] * (1 - across) * (1 - up) +
      lowHigh[i] * (1 - across) * up +
      highLow[i] * across * (1 - up) +
      highHigh[i] * across * up,
  );
}
