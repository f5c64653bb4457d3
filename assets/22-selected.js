/* What several views say of the selected model: its title, colour and numbers; and why a picture is missing. */
(function () {
  "use strict";
  const hvae = (window.hvae = window.hvae || {});

  function fill(screen) {
    const point = hvae.screen.points[screen.point];
    for (const head of document.querySelectorAll(".selected-head")) {
      head.querySelector("h2, h3").textContent = point ? point.title : "This atlas has no models";
      head.querySelector(".swatch").style.backgroundColor = point ? point.colour : "transparent";
      for (const number of head.querySelectorAll("[data-column]")) {
        number.textContent = point ? hvae.words.stat(point, number.dataset.column) : "–";
      }
    }
  }

  hvae.screen.subscribe((screen, former) => {
    if (former && former.point !== screen.point) forget();
    fill(screen);
  });
  document.addEventListener("hvae:known", () => fill(hvae.screen.current));

  /* A panel with data-message names the element that says why; one message for all of its pictures. */
  const failures = new Map();

  /* Of another model, nothing is known to be wrong. */
  function forget() {
    failures.clear();
    for (const message of document.querySelectorAll(".view-message")) message.textContent = "";
  }

  function place(slot) {
    const panel = document.getElementById(`${slot}-picture`)?.closest("[data-message]");
    return panel ? document.getElementById(panel.dataset.message) : null;
  }

  function tell(message) {
    const mine = [...failures].filter(([slot]) => place(slot) === message);
    message.textContent = mine.length ? mine[0][1] : "";
  }

  document.addEventListener("hvae:failed", ({ detail }) => {
    const message = place(detail.slot);
    if (!message) return;
    failures.set(detail.slot, detail.message);
    tell(message);
  });

  document.addEventListener("hvae:drawn", ({ detail }) => {
    if (failures.delete(detail.slot)) {
      const message = place(detail.slot);
      if (message) tell(message);
    }
  });
})();
