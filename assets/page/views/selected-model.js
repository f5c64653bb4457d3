/* Parts of several views: the selected model's title, colour and numbers, and why a picture is missing. */
import { sayWhyMissing } from "../core/pictures.js";
import { showNumbers } from "../core/point-numbers.js";
import { screen } from "../core/screen.js";

function fillHeads() {
  const point = screen.points[screen.current.point];
  for (const head of document.querySelectorAll(".selected-head")) {
    head.querySelector("h2, h3").textContent = point ? point.title : "This atlas has no models";
    head.querySelector(".swatch").style.backgroundColor = point ? point.colour : "transparent";
    showNumbers(head, point);
  }
}

export function start() {
  /* A panel's data-message is the id of the element for messages, one for all pictures of the panel. */
  const failures = sayWhyMissing(
    (slot) => {
      const panel = document.getElementById(`${slot}-picture`)?.closest("[data-message]");
      return panel && document.getElementById(panel.dataset.message);
    },
    (place, message) => (place.textContent = message),
  );

  /* Another model's pictures may not fail. */
  function forgetFailures() {
    failures.clear();
    for (const message of document.querySelectorAll(".view-message")) message.textContent = "";
  }

  screen.subscribe((current, former) => {
    if (former && former.point !== current.point) forgetFailures();
    fillHeads();
  });
  document.addEventListener("hvae:known", fillHeads);
}
