/* What several views say of the selected model: its title, colour and numbers; and why a picture is missing. */
(function () {
  "use strict";
  const hvae = (window.hvae = window.hvae || {});

  function fill(screen) {
    const point = hvae.screen.points[screen.point];
    for (const head of document.querySelectorAll(".selected-head")) {
      head.querySelector("h2, h3").textContent = point ? point.title : "This atlas has no models";
      head.querySelector(".swatch").style.backgroundColor = point ? point.colour : "transparent";
      hvae.dom.tellStats(head, point);
    }
  }

  hvae.screen.subscribe((screen, former) => {
    if (former && former.point !== screen.point) forget();
    fill(screen);
  });
  document.addEventListener("hvae:known", () => fill(hvae.screen.current));

  /* A panel with data-message names the element that says why; one message for all of its pictures. */
  const failures = hvae.pictures.sayWhyMissing(
    (slot) => {
      const panel = document.getElementById(`${slot}-picture`)?.closest("[data-message]");
      return panel && document.getElementById(panel.dataset.message);
    },
    (place, message) => (place.textContent = message),
  );

  /* Of another model, nothing is known to be wrong. */
  function forget() {
    failures.clear();
    for (const message of document.querySelectorAll(".view-message")) message.textContent = "";
  }
})();
