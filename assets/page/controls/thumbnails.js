/* The first test images as buttons: one sheet, with a transparent button over each picture. */
import { ask } from "../core/pictures.js";
import { screen } from "../core/screen.js";
import { firstImages, pictureAddress } from "../server/server-addresses.js";

const shown = new Set();

/* Show the first `count` test images in a slot; they are the same for every model. */
export function showThumbnails(slot, count, since) {
  if (shown.has(slot) || !count) return;
  shown.add(slot);
  const { atlas, point } = screen.current;
  ask(slot, pictureAddress(atlas, point, "examples", firstImages(count)), since);
}

/* Number the chosen ones in their order. */
export function numberThumbnails(slot, chosen) {
  for (const button of document.getElementById(`${slot}-picture`).parentNode.querySelectorAll(".thumbnail")) {
    const place = chosen.indexOf(Number(button.dataset.image));
    button.textContent = place < 0 ? "" : place + 1;
    button.setAttribute("aria-pressed", place >= 0);
  }
}

export function start() {
  // They are asked for again when they are needed next.
  document.addEventListener("hvae:failed", ({ detail }) => shown.delete(detail.slot));
}
