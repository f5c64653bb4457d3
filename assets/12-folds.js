/* Points between the dots: names of the parent's folds, and what the page knows of them.
 *
 * A fold is selected like a dot, by its name. Its β, title and colour are known at once, its numbers are asked of
 * the server. Tells `document`:  hvae:known {point}   the numbers of a selected fold have come
 */
(function () {
  "use strict";
  const hvae = (window.hvae = window.hvae || {});
  const NAME = /^fold_b2-([0-9.e+-]{1,24})_b1-([0-9.e+-]{1,24})$/;
  const DIGITS = 4;
  const MOST_IMAGES = 256;
  let setting; // what the layout says of the parent; null where there is none

  function known() {
    if (setting === undefined) {
      const view = document.getElementById("parent-view");
      if (view) setting = JSON.parse(view.dataset.parent);
      else if (document.getElementById("view-parent")) setting = null;
    }
    return setting;
  }

  /* As Python writes `{beta:.4g}`. */
  function short(beta, digits = DIGITS) {
    const [mantissa, exponent] = beta.toExponential(digits - 1).split("e");
    const power = Number(exponent);
    if (power >= -4 && power < digits) return String(Number(beta.toPrecision(digits)));
    const two = String(Math.abs(power)).padStart(2, "0");
    return `${Number(mantissa)}e${power < 0 ? "-" : "+"}${two}`;
  }

  /* OKLab (Ottosson 2020) to #rrggbb; the counterpart of app/page/figures/colours.py. */
  function toSrgb([l, a, b]) {
    const [x, y, z] = [
      l + 0.3963377774 * a + 0.2158037573 * b,
      l - 0.1055613458 * a - 0.0638541728 * b,
      l - 0.0894841775 * a - 1.291485548 * b,
    ].map((value) => value ** 3);
    return [
      4.0767416621 * x - 3.3077115913 * y + 0.2309699292 * z,
      -1.2684380046 * x + 2.6097574011 * y - 0.3413193965 * z,
      -0.0041960863 * x - 0.7034186147 * y + 1.707614701 * z,
    ].map((value) => {
      const linear = Math.min(1, Math.max(0, value));
      return Math.round(255 * (linear <= 0.0031308 ? linear * 12.92 : 1.055 * linear ** (1 / 2.4) - 0.055));
    });
  }

  function placeIn([low, high], beta) {
    if (high <= low) return 0.5;
    return Math.min(1, Math.max(0, Math.log(beta / low) / Math.log(high / low)));
  }

  hvae.folds = {
    /* {range, colour_ranges, corners, dots} of the atlas's parent; null without one. */
    get setting() {
      return known();
    },

    short,

    name(beta2, beta1) {
      return `fold_b2-${short(beta2)}_b1-${short(beta1)}`;
    },

    /* [β₂, β₁] of a fold's name, else null. */
    betas(name) {
      const match = NAME.exec(name || "");
      return match && [Number(match[1]), Number(match[2])];
    },

    /* The shared colour code, [red, green, blue]. */
    colour(beta2, beta1) {
      const [[lowLow, lowHigh], [highLow, highHigh]] = known().corners;
      const [across, up] = [placeIn(known().colour_ranges[0], beta2), placeIn(known().colour_ranges[1], beta1)];
      return toSrgb(
        [0, 1, 2].map(
          (i) =>
            lowLow[i] * (1 - across) * (1 - up) +
            lowHigh[i] * (1 - across) * up +
            highLow[i] * across * (1 - up) +
            highHigh[i] * across * up,
        ),
      );
    },

    /* What is known of a fold without asking: as app/page/points.py's points_data, numbers yet to come. */
    describe(name) {
      const [beta2, beta1] = this.betas(name);
      const hex = this.colour(beta2, beta1).map((value) => value.toString(16).padStart(2, "0"));
      const stats = Object.fromEntries(["rate_z2", "rate_z1", "distortion", "psnr"].map((column) => [column, "…"]));
      return {
        beta_2: beta2,
        beta_1: beta1,
        title: `Fold at β₂ = ${short(beta2, 3)}, β₁ = ${short(beta1, 3)}`,
        colour: `#${hex.join("")}`,
        fold: true,
        stats,
        traversal: "",
        dimensions: [],
      };
    },

    /* The fold's numbers on the first n test images, from the server. */
    async estimate(atlas, name, n = MOST_IMAGES, isWanted = undefined) {
      const path = ["estimates", atlas, name].map(encodeURIComponent).join("/");
      const response = await hvae.request(`/${path}.json?n=${n}`, isWanted);
      return response.json();
    },

    /* Enter the numbers of a fold into what the page knows. */
    learn(name, estimates) {
      const point = hvae.screen.points[name];
      if (!point) return;
      Object.assign(point, estimates, { numbers: estimates, asked: false, estimated: true });
      document.dispatchEvent(new CustomEvent("hvae:known", { detail: { point: name } }));
      // Whoever shows numbers of what is selected shows them now.
      const { point: selected, pins } = hvae.screen.current;
      if (selected === name || pins.includes(name)) hvae.screen.set({ pins: [...pins] });
    },
  };

  /* Before any other module looks at a fold that is selected or pinned, the page knows it. */
  hvae.screen.subscribe((screen) => {
    for (const name of new Set([screen.point, ...screen.pins])) {
      if (!known() || !hvae.folds.betas(name)) continue;
      const point = (hvae.screen.points[name] = hvae.screen.points[name] || hvae.folds.describe(name));
      if (point.estimated || point.asked) continue;
      point.asked = true;
      hvae.folds.estimate(screen.atlas, name).then(
        (estimates) => hvae.folds.learn(name, estimates),
        () => (point.asked = false), // its pictures say why
      );
    }
  });
})();
