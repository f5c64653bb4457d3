/* What is on screen: {atlas, point, seed, change}. The one place that changes it.
 *
 * Dash's store `screen` mirrors it, so that Dash callbacks see the selection; pictures do not wait for them.
 */
(function () {
  "use strict";
  const hvae = (window.hvae = window.hvae || {});
  const MIRROR_AFTER_MS = 150;
  let mirror = 0;

  hvae.screen = {
    current: null,
    points: {},

    /* Take over what Dash knows, at the start, and whenever a Dash callback has changed it; whether it did.
     * `change` counts our own changes: Dash may report one when the next has been made already. */
    adopt(screen, points) {
      this.points = points || {};
      if (this.current && screen.change) return false;
      this.current = { ...screen, change: this.current ? this.current.change : 0 };
      return true;
    },

    /* Change some of it. `since`: when the input event happened, for who measures. */
    set(change, since = performance.now()) {
      this.current = { ...this.current, ...change, change: this.current.change + 1 };
      hvae.model.show(this.current, since);
      hvae.plane.ring(this.current.point);
      // Pictures first: Dash's own work would take the time that they need to be decoded.
      clearTimeout(mirror);
      mirror = setTimeout(tellDash, MIRROR_AFTER_MS);
    },
  };

  function tellDash() {
    clearTimeout(mirror);
    mirror = 0;
    window.dash_clientside.set_props("screen", { data: hvae.screen.current });
  }

  document.addEventListener("hvae:drawn", ({ detail }) => {
    if (mirror && detail.slot === "samples") tellDash();
  });

  /* Callbacks of this name space are entered by each module below. */
  window.dash_clientside = window.dash_clientside || {};
  window.dash_clientside.hvae = window.dash_clientside.hvae || {};
})();
