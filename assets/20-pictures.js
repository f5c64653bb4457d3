/* Every picture on the page is asked of this module.
 *
 * A slot is an <img>. At most one request of a slot is in flight; while it is, only the latest wish is kept
 * and asked for next. So a dragged slider draws as many frames as the server can make, and never lags.
 *
 * Tells `document`:  hvae:drawn  {slot, url}   the picture is on the screen
 *                    hvae:failed {slot, url, message}   there is none; message is a sentence
 * For who measures:  hvae.pictures.drawn, the last 1000 of {slot, url, since, drawn} (times in ms), and
 * data-frames, data-picture-url on the <img>.
 */
(function () {
  "use strict";
  const hvae = (window.hvae = window.hvae || {});
  const KEPT = 1000;
  const PATIENCE_MS = 30000;
  const TRIES = 10;
  const slots = new Map();

  class Slot {
    constructor(name) {
      this.name = name;
      this.wish = null;
      this.busy = false;
      this.asked = ""; // what it shows, or is about to
    }

    get image() {
      return document.getElementById(this.name + "-picture");
    }

    ask(url, since) {
      this.wish = { url, since };
      this.asked = url;
      if (!this.busy) this.work();
    }

    async work() {
      this.busy = true;
      while (this.wish) {
        const { url, since } = this.wish;
        this.wish = null;
        try {
          await this.draw(await fetchPicture(url, () => !this.wish), url, since);
        } catch (error) {
          // What nobody waits for any more is nobody's trouble.
          if (!this.wish) this.fail(url, error.message);
        }
      }
      this.busy = false;
    }

    async draw(blob, url, since) {
      const image = this.image;
      const address = URL.createObjectURL(blob);
      const former = image.src;
      try {
        image.src = address;
        await image.decode();
      } catch {
        URL.revokeObjectURL(address);
        throw new Error("The server's answer is not a picture.");
      }
      if (former.startsWith("blob:")) URL.revokeObjectURL(former);
      image.dataset.pictureUrl = url;
      image.dataset.state = "shown";
      requestAnimationFrame(() => {
        // Two pictures within one frame: only the later one was seen.
        if (image.dataset.pictureUrl !== url) return;
        image.dataset.frames = Number(image.dataset.frames || 0) + 1;
        hvae.pictures.drawn.push({ slot: this.name, url, since, drawn: performance.now() });
        if (hvae.pictures.drawn.length > KEPT) hvae.pictures.drawn.shift();
        tell("hvae:drawn", { slot: this.name, url });
      });
    }

    fail(url, message) {
      const image = this.image;
      if (image) {
        image.dataset.state = "failed";
        image.dataset.pictureUrl = "";
      }
      if (this.asked === url) this.asked = "";
      tell("hvae:failed", { slot: this.name, url, message });
    }
  }

  /* A server that has too much to do says when to come again: that is done while the picture is still wanted. */
  async function fetchPicture(url, isWanted, tries = TRIES) {
    let response;
    try {
      response = await fetch(url, { signal: AbortSignal.timeout(PATIENCE_MS) });
    } catch {
      throw new Error("The server does not answer. Is it still running?");
    }
    if (response.ok) return response.blob();
    if (response.status === 503 && tries > 1) {
      // Not all at the same moment.
      const seconds = Number(response.headers.get("Retry-After") || 1) * (1 + Math.random() / 2);
      await new Promise((resolve) => setTimeout(resolve, 1000 * seconds));
      if (isWanted()) return fetchPicture(url, isWanted, tries - 1);
    }
    const answer = await response.json().catch(() => ({}));
    throw new Error(answer.error || `The server answered ${response.status}.`);
  }

  function tell(name, detail) {
    document.dispatchEvent(new CustomEvent(name, { detail }));
  }

  function slotOf(name) {
    if (!slots.has(name)) slots.set(name, new Slot(name));
    return slots.get(name);
  }

  hvae.pictures = {
    drawn: [],

    /* Where the server keeps a picture of a point. */
    address(atlas, point, picture, parameters) {
      return `/${["pictures", atlas, point].map(encodeURIComponent).join("/")}/${picture}.png?${parameters}`;
    },

    /* Show the picture at `url` in the <img id="{slot}-picture">. */
    ask(slot, url, since = performance.now()) {
      slotOf(slot).ask(url, since);
    },

    /* Ask for a picture of the selected point unless the slot shows that already, or is about to; whether it did. */
    askOnce(slot, picture, parameters, since) {
      const { atlas, point } = hvae.screen.current;
      const url = hvae.pictures.address(atlas, point, picture, parameters);
      if (slotOf(slot).asked === url) return false;
      slotOf(slot).ask(url, since);
      return true;
    },

    /* The parameter that names the first `count` test images. */
    firstImages(count) {
      return `images=${Array.from({ length: count }, (_, index) => index)}`;
    },

    /* Have `tell(place, message)` say why pictures are missing: one message for all slots of a place, and "" when
     * they can be had again. placeOf(slot): that place; null, or nothing, for a slot that is none of these. Returns
     * the failures, slot → message. */
    sayWhyMissing(placeOf, tell) {
      const failures = new Map();
      const retell = (place) => {
        const mine = [...failures].filter(([slot]) => placeOf(slot) === place);
        tell(place, mine.length ? mine[0][1] : "");
      };
      document.addEventListener("hvae:failed", ({ detail }) => {
        const place = placeOf(detail.slot);
        if (!place) return;
        failures.set(detail.slot, detail.message);
        retell(place);
      });
      document.addEventListener("hvae:drawn", ({ detail }) => {
        const place = failures.delete(detail.slot) && placeOf(detail.slot);
        if (place) retell(place);
      });
      return failures;
    },
  };
})();
