/* Sliders that shift a latent, and the field `shifts` of the state, which holds their values: "z2.3:1.5,z1.0:-2".
 *
 * The same shift may have sliders in several places. While a hand drags one of them, only that one moves. The state,
 * the address and the other sliders follow when it rests.
 */
import { element } from "../core/dom.js";
import { shiftText } from "../core/numbers.js";
import { screen } from "../core/screen.js";

const MOST = 3; // the same range as the strips of pictures beside some of them

/* Name of a shift in addresses → its value. */
function shiftsOnScreen() {
  return new Map(screen.current.shifts.split(",").filter(Boolean).map((shift) => shift.split(":")));
}

function setShifts(shifts, since) {
  const text = [...shifts].map((shift) => shift.join(":")).join(",");
  if (text !== screen.current.shifts) screen.set({ shifts: text }, since);
}

/* Move a slider to its value in the state. */
function follow(slider, shifts = shiftsOnScreen()) {
  slider.value = shifts.get(slider.dataset.shift) || 0;
  writeValue(slider);
}

function writeValue(slider) {
  slider.closest("label").querySelector("output").textContent = shiftText(Number(slider.value));
}

/* Write a slider's note word by word: where space is short, a style hides the unit. */
export function writeNote(place, text) {
  place.replaceChildren(...text.split(" ").map((word) => element("span", "", word)));
  place.title = text;
  return place;
}

/* A labelled slider from −MOST to +MOST: name, note and value. */
function labelledSlider(id, name, note) {
  const label = element("label", "slider");
  const text = element("span", "slider-text");
  text.append(
    element("span", "slider-name", name),
    writeNote(element("span", "slider-rate"), note),
    element("output", "slider-value", "0"),
  );
  const slider = element("input", "", "", { type: "range", id, min: -MOST, max: MOST, step: 0.02, value: 0 });
  // Otherwise the label would belong to the <output>, which comes first.
  label.htmlFor = id;
  label.append(text, slider);
  return label;
}

/* Fill a place with a slider for each {shift, title, note}. */
export function placeSliders(place, entries) {
  const labels = entries.map(({ shift, title, note = "" }) => {
    const label = labelledSlider(`${place.id}-${shift.replace(".", "-")}`, title, note);
    const slider = label.querySelector("input");
    slider.dataset.shift = shift;
    follow(slider);
    return label;
  });
  place.replaceChildren(...labels);
  place.classList.toggle("is-empty", labels.length === 0);
}

/* The values of the sliders in a place, as parameters of an address. */
export function shiftParameters(place) {
  return [...place.querySelectorAll("[data-shift]")]
    .filter((slider) => Number(slider.value) !== 0)
    .map((slider) => `&${slider.dataset.shift}=${slider.value}`)
    .join("");
}

/* Put a latent's sliders back to 0. */
export function resetShifts(latent, since) {
  setShifts([...shiftsOnScreen()].filter(([shift]) => !shift.startsWith(latent)), since);
}

export function start() {
  document.addEventListener("input", (event) => {
    if (event.target.matches("[data-shift]")) writeValue(event.target);
  });

  document.addEventListener("change", (event) => {
    const { shift } = event.target.dataset;
    if (!shift) return;
    const shifts = shiftsOnScreen().set(shift, event.target.value);
    if (Number(event.target.value) === 0) shifts.delete(shift);
    setShifts(shifts, event.timeStamp);
  });

  screen.subscribe((current, former) => {
    if (former && former.shifts === current.shifts) return;
    for (const slider of document.querySelectorAll("[data-shift]")) follow(slider);
  });
}
