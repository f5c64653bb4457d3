/* A point's numbers in the unit on screen. */
import { rateText } from "./numbers.js";
import { screen } from "./screen.js";

/* Nats per image, in nats or bits as the state says; error: their standard error, if it is known. */
export function rateOnScreen(nats, error = NaN) {
  return rateText(nats, screen.current.units, error);
}

/* One number of a point; what is measured in nats, in the unit on screen. */
function numberText(point, column) {
  const number = point.numbers?.[column];
  return column === "psnr" || !Number.isFinite(number) ? point.stats[column] : rateOnScreen(number, point.errors?.[column]);
}

/* Write a point's numbers into the elements of a place that name a column; dashes without a point. */
export function showNumbers(place, point) {
  for (const number of place.querySelectorAll("[data-column]")) {
    number.textContent = point ? numberText(point, number.dataset.column) : "–";
  }
}
