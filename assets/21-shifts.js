/* Sliders that shift a latent, and the field `shifts` of the state, which says where they are: "z2.3:1.5,z1.0:-2".
 *
 * The same shift may have a slider in several places. While a hand drags one, only that one moves; the state, the
 * address and its twins follow when it rests.
 */
(function () {
  "use strict";
  const hvae = (window.hvae = window.hvae || {});
  const MOST = 3; // the ends of the strips that stand beside some of them

  /* Name of a shift, as addresses have it → where it is. */
  function said() {
    return new Map(hvae.screen.current.shifts.split(",").filter(Boolean).map((shift) => shift.split(":")));
  }

  function tell(shifts, since) {
    const text = [...shifts].map((shift) => shift.join(":")).join(",");
    if (text !== hvae.screen.current.shifts) hvae.screen.set({ shifts: text }, since);
  }

  function follow(slider, shifts = said()) {
    slider.value = shifts.get(slider.dataset.shift) || 0;
    hvae.dom.tellShift(slider);
  }

  hvae.shifts = {
    /* Fill a place with a slider for each {shift, title, note}. */
    place(there, entries) {
      const labels = entries.map(({ shift, title, note = "" }) => {
        const label = hvae.dom.shiftSlider(`${there.id}-${shift.replace(".", "-")}`, title, note, MOST);
        const slider = label.querySelector("input");
        slider.dataset.shift = shift;
        follow(slider);
        return label;
      });
      there.replaceChildren(...labels);
      there.classList.toggle("is-empty", labels.length === 0);
    },

    /* Where the sliders of a place are, as parameters of an address. */
    parameters(there) {
      return [...there.querySelectorAll("[data-shift]")]
        .filter((slider) => Number(slider.value) !== 0)
        .map((slider) => `&${slider.dataset.shift}=${slider.value}`)
        .join("");
    },

    /* Put a latent's sliders back to 0. */
    reset(latent, since) {
      tell([...said()].filter(([shift]) => !shift.startsWith(latent)), since);
    },
  };

  document.addEventListener("input", (event) => {
    if (event.target.matches("[data-shift]")) hvae.dom.tellShift(event.target);
  });

  document.addEventListener("change", (event) => {
    const { shift } = event.target.dataset;
    if (!shift) return;
    const shifts = said().set(shift, event.target.value);
    if (Number(event.target.value) === 0) shifts.delete(shift);
    tell(shifts, event.timeStamp);
  });

  hvae.screen.subscribe((screen, former) => {
    if (former && former.shifts === screen.shifts) return;
    for (const slider of document.querySelectorAll("[data-shift]")) follow(slider);
  });
})();
