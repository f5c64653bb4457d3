/* The compare view: pinned models side by side, drawn from the same noise and the same test images. */
import { ask, sayWhyMissing } from "../core/pictures.js";
import { showNumbers } from "../core/point-numbers.js";
import { screen } from "../core/screen.js";
import { firstImages, pictureAddress } from "../server/server-addresses.js";
import { SAMPLES } from "../core/shared-constants.js";

const MOST_PAIRS = 16;

/* Pin the point, or unpin it. A fourth pin replaces the oldest. */
export function togglePin(point, since) {
  const { pins } = screen.current;
  if (!screen.points[point]) return;
  const most = document.querySelectorAll(".compare-column").length;
  const changed = pins.includes(point) ? pins.filter((one) => one !== point) : [...pins, point].slice(-most);
  screen.set({ pins: changed }, since);
}

function fill(column, point, since) {
  const known = screen.points[point];
  column.querySelector(".empty").hidden = Boolean(known);
  column.querySelector(".compare-model").hidden = !known;
  if (!known) {
    column.dataset.point = "";
    return;
  }
  column.dataset.point = point;
  column.querySelector(".swatch").style.backgroundColor = known.colour;
  column.querySelector(".compare-title").textContent = known.title;
  showNumbers(column, known);
  const { atlas, seed } = screen.current;
  const images = Math.min(MOST_PAIRS, Number(document.getElementById("model-panel").dataset.images));
  const wishes = {
    samples: `n=${SAMPLES}&seed=${seed}`,
    reconstructions: firstImages(images),
  };
  for (const [kind, parameters] of Object.entries(wishes)) {
    const slot = `compare-${column.dataset.index}-${kind}`;
    ask(slot, pictureAddress(atlas, point, kind, parameters), since);
  }
}

function writePins({ pins, point }) {
  const isPinned = pins.includes(point);
  const button = document.getElementById("pin");
  button.setAttribute("aria-pressed", isPinned);
  button.querySelector(".mantine-Button-label").textContent = isPinned ? "Unpin" : "Pin";
  document.getElementById("tab-compare").dataset.count = pins.length || "";
}

function show(current, former, since) {
  writePins(current);
  if (current.view !== "compare") return;
  const isSame = ["view", "pins", "seed", "units"].every((name) => former?.[name] === current[name]);
  if (isSame) return;
  for (const column of document.querySelectorAll(".compare-column")) {
    fill(column, current.pins[Number(column.dataset.index)], since);
  }
}

export function start() {
  document.addEventListener("click", (event) => {
    if (event.target.closest("#pin")) togglePin(screen.current.point, event.timeStamp);
    const column = event.target.closest(".unpin") && event.target.closest(".compare-column");
    if (column) togglePin(column.dataset.point, event.timeStamp);
  });
  screen.subscribe(show);
  const noteOf = (picture) => picture?.closest(".compare-column .strip")?.querySelector(".picture-note");
  sayWhyMissing(
    (slot) => noteOf(document.getElementById(`${slot}-picture`)),
    (note, message) => (note.textContent = message),
  );
}
