/* The first test images as buttons: one sheet, a transparent button over each of its pictures. */
(function () {
  "use strict";
  const hvae = (window.hvae = window.hvae || {});
  const shown = new Set();

  hvae.thumbnails = {
    /* Show the first `count` test images in a slot; they are the same for every model. */
    show(slot, count, since) {
      if (shown.has(slot) || !count) return;
      shown.add(slot);
      const { atlas, point } = hvae.screen.current;
      const images = hvae.pictures.firstImages(count);
      hvae.pictures.ask(slot, hvae.pictures.address(atlas, point, "examples", images), since);
    },

    /* Number the chosen ones in their order. */
    mark(slot, chosen) {
      for (const button of document.getElementById(`${slot}-picture`).parentNode.querySelectorAll(".thumbnail")) {
        const place = chosen.indexOf(Number(button.dataset.image));
        button.textContent = place < 0 ? "" : place + 1;
        button.setAttribute("aria-pressed", place >= 0);
      }
    },
  };

  document.addEventListener("hvae:failed", ({ detail }) => shown.delete(detail.slot));
})();
