/* Every picture on the page is asked of this module.
 *
 * A slot is an <img>. At most one request of a slot is in flight; while it is, only the latest wish is kept
 * and asked for next. So a dragged slider draws as many frames as the server can make, and never lags.
 * What a hand is about to ask for can be asked ahead: it is kept for a short time, and whoever asks gets that.
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
  const MOST_AHEAD = 8;
  const AHEAD_MS = 10000; // later a file may have changed
  const ahead = new Map(); // address → what was asked ahead: {picture, on its way or here; wanted by now}
  const slots = new Map();

  class Slot {
    constructor(name) {
      this.name = name;
      this.wish = null;
      this.working = null;
      this.asked = ""; // what it shows, or is about to
    }

    get image() {
      return document.getElementById(this.name + "-picture");
    }

    ask(url, since) {
      this.wish = { url, since };
      this.asked = url;
      return (this.working ||= this.work());
    }

    async work() {
      while (this.wish) {
        const { url, since } = this.wish;
        this.wish = null;
        try {
          const picture = take(url) || fetchPicture(url, () => !this.wish);
          await this.draw(await picture, url, since);
        } catch (error) {
          // What nobody waits for any more is nobody's trouble.
          if (!this.wish) this.fail(url, error.message);
        }
      }
      this.working = null;
    }

    async draw(address, url, since) {
      const image = this.image;
      await show(image, address);
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

  /* A picture as an address of its own. Not one of a blob, which two other processes have a part in: 4 to 9 ms. */
  async function fetchPicture(url, isWanted) {
    const response = await hvae.request(url, isWanted);
    return toAddress(await response.arrayBuffer());
  }

  function toAddress(buffer) {
    const bytes = new Uint8Array(buffer);
    let text = "";
    // A function takes so many arguments at most.
    for (let i = 0; i < bytes.length; i += 8192) text += String.fromCharCode(...bytes.subarray(i, i + 8192));
    return `data:image/png;base64,${btoa(text)}`;
  }

  /* Have an <img> show a picture; done when the next frame will have it. `decode` would wait for that frame. */
  function show(image, address) {
    return new Promise((resolve, reject) => {
      image.onload = resolve;
      image.onerror = () => reject(new Error("The server's answer is not a picture."));
      image.decoding = "sync";
      image.src = address;
    });
  }

  /* The picture that was asked ahead, once; undefined where there is none. */
  function take(url) {
    const asked = ahead.get(url);
    if (!asked) return undefined;
    ahead.delete(url);
    asked.wanted = true;
    return asked.picture;
  }

  function keep(url) {
    const asked = { wanted: false };
    asked.picture = fetchPicture(url, () => asked.wanted);
    const forget = () => ahead.get(url) === asked && ahead.delete(url);
    ahead.set(url, asked);
    if (ahead.size > MOST_AHEAD) ahead.delete(ahead.keys().next().value);
    asked.picture.then(() => setTimeout(forget, AHEAD_MS), forget);
    return asked.picture;
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

    /* Show the picture at `url` in the <img id="{slot}-picture">; done when it, or what was asked for since, is there. */
    ask(slot, url, since = performance.now()) {
      return slotOf(slot).ask(url, since);
    },

    /* Ask for a picture of the selected point unless the slot shows that already, or is about to; whether it did. */
    askOnce(slot, picture, parameters, since) {
      const { atlas, point } = hvae.screen.current;
      const url = hvae.pictures.address(atlas, point, picture, parameters);
      if (slotOf(slot).asked === url) return false;
      slotOf(slot).ask(url, since);
      return true;
    },

    /* Ask for pictures before anybody wants to see them, one after the other, while `isWanted()`: each is a
     * promise of work for the server that may be in vain. */
    async askAhead(urls, isWanted = () => true) {
      for (const url of urls) {
        if (!isWanted()) return;
        // Whoever asks for it hears what is wrong.
        if (!ahead.has(url)) await keep(url).catch(() => {});
      }
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
