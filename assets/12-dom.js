/* Elements that Dash has no component for. React leaves the children of an empty <div> to us. */
(function () {
  "use strict";
  const hvae = (window.hvae = window.hvae || {});
  const SVG = "http://www.w3.org/2000/svg";

  hvae.dom = {
    /* An HTML element with a class, a text and properties. */
    element(tag, className = "", text = "", properties = {}) {
      const made = Object.assign(document.createElement(tag), properties);
      if (className) made.className = className;
      if (text) made.textContent = text;
      return made;
    },

    /* An SVG element with attributes and children. */
    svg(tag, attributes = {}, children = []) {
      const made = document.createElementNS(SVG, tag);
      for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
      made.append(...children);
      return made;
    },

    /* A labelled slider from −most to +most: name, note, and the value that it is at. */
    shiftSlider(id, name, note, most) {
      const { element } = hvae.dom;
      const label = element("label", "slider");
      const text = element("span", "slider-text");
      text.append(
        element("span", "slider-name", name),
        hvae.dom.note(element("span", "slider-rate"), note),
        element("output", "slider-value", "0"),
      );
      const slider = element("input", "", "", { type: "range", id, min: -most, max: most, step: 0.02, value: 0 });
      // Else the label would be that of the <output>, which comes first.
      label.htmlFor = id;
      label.append(text, slider);
      return label;
    },

    /* Write a slider's note word by word: where there is no room for the unit, it is out of sight. */
    note(place, text) {
      place.replaceChildren(...text.split(" ").map((word) => hvae.dom.element("span", "", word)));
      place.title = text;
      return place;
    },

    /* Write a slider's value into its label: +1.50, −0.20, 0. */
    tellShift(slider) {
      const value = Number(slider.value);
      const sign = value > 0 ? "+" : value < 0 ? "−" : "";
      slider.closest("label").querySelector("output").textContent = sign + Math.abs(value).toFixed(value ? 2 : 0);
    },

    /* Write a point's numbers into the elements of a place that name a column; dashes where there is no point. */
    tellStats(place, point) {
      for (const number of place.querySelectorAll("[data-column]")) {
        number.textContent = point ? hvae.words.stat(point, number.dataset.column) : "–";
      }
    },
  };

  hvae.words = {
    /* Nats per image in the unit on screen, `12.3 nats`; a dash for what is not known. As app/page/words.py has it. */
    rate(nats) {
      if (!Number.isFinite(nats)) return "–";
      const { units } = hvae.screen.current;
      const value = units === "bits" ? nats / Math.LN2 : nats;
      const digits = Math.abs(value) >= 1000 ? 0 : Math.abs(value) >= 10 ? 1 : 2;
      return `${value.toFixed(digits)} ${units}`;
    },

    /* A number of a point, what is measured in nats in the unit on screen. */
    stat(point, column) {
      const number = point.numbers?.[column];
      return column === "psnr" || !Number.isFinite(number) ? point.stats[column] : hvae.words.rate(number);
    },
  };
})();
