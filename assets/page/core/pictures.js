/* Every picture on the page comes from this module: from a model that runs in the page (core/models) or, where that
 * cannot be, from the server.
 *
 * A slot is a <canvas>. At most one request of a slot is in flight; while it is, only the latest wish is kept
 * and asked for next. So a dragged slider draws as many frames as can be made, and never lags.
 * What a hand is about to ask for can be asked ahead: it is kept for a short time, and whoever asks gets that.
 *
 * Events of `document`:  hvae:drawn  {slot, url}   the picture is on the screen
 *                        hvae:failed {slot, url, message}   it cannot be had; message is a sentence, or empty while
 *                                                           the server cannot be reached: it is asked for again then
 * For measurements:  `drawn`, and data-frames, data-picture-url on the <canvas>.
 */
import { request } from "../server/requests.js";
import { pictureHere } from "./models/models.js";
import { screen } from "./screen.js";
import { pictureAddress } from "../server/server-addresses.js";

const KEPT = 1000; // entries of `drawn`
const MOST_AHEAD = 8;
const AHEAD_MS = 10000; // later a file may have changed
const ahead = new Map(); // address → what was asked ahead: {picture: a promise, wanted: whether it is by now}
const slots = new Map();

/* The pictures drawn last: {slot, url, since, drawn}, times in ms. */
export const drawn = [];

class Slot {
  constructor(name) {
    this.name = name;
    this.wish = null;
    this.working = null;
    this.asked = ""; // what it shows, or is about to
    this.lost = ""; // what it is to show once the server can be reached
  }

  get canvas() {
    return document.getElementById(this.name + "-picture");
  }

  ask(url, since) {
    this.wish = { url, since };
    this.asked = url;
    this.lost = "";
    return (this.working ||= this.work());
  }

  async work() {
    while (this.wish) {
      const { url, since } = this.wish;
      this.wish = null;
      try {
        const picture = take(url) || makePicture(url, () => !this.wish);
        this.draw(await picture, url, since);
      } catch (error) {
        // With a newer wish, nobody misses this picture.
        if (!this.wish) this.fail(url, error);
      }
    }
    this.working = null;
  }

  draw(picture, url, since) {
    const { canvas } = this;
    paint(canvas, picture);
    canvas.dataset.pictureUrl = url;
    canvas.dataset.state = "shown";
    requestAnimationFrame(() => {
      // Two pictures within one frame: only the later one was seen.
      if (canvas.dataset.pictureUrl !== url) return;
      canvas.dataset.frames = Number(canvas.dataset.frames || 0) + 1;
      drawn.push({ slot: this.name, url, since, drawn: performance.now() });
      if (drawn.length > KEPT) drawn.shift();
      tell("hvae:drawn", { slot: this.name, url });
    });
  }

  fail(url, { message, nextTry }) {
    const { canvas } = this;
    if (canvas) {
      canvas.dataset.state = "failed";
      canvas.dataset.pictureUrl = "";
    }
    if (this.asked === url) this.asked = "";
    if (nextTry) this.askAgain(url, nextTry);
    tell("hvae:failed", { slot: this.name, url, message: nextTry ? "" : message });
  }

  async askAgain(url, nextTry) {
    this.lost = url;
    await nextTry;
    if (this.lost === url) this.ask(url, performance.now());
  }
}

/* The picture at `url`: {width, height, data} in RGBA from a model in the page, else the server's, an <img>. */
async function makePicture(url, isWanted) {
  return (await pictureHere(url)) ?? fetchPicture(url, isWanted);
}

/* The server's picture. Its address is not a blob's: two other processes take part in those, which costs 4 to 9 ms. */
async function fetchPicture(url, isWanted) {
  const response = await request(url, isWanted);
  return decoded(toAddress(await response.arrayBuffer()));
}

function toAddress(buffer) {
  const bytes = new Uint8Array(buffer);
  let text = "";
  // A function takes so many arguments at most.
  for (let i = 0; i < bytes.length; i += 8192) text += String.fromCharCode(...bytes.subarray(i, i + 8192));
  return `data:image/png;base64,${btoa(text)}`;
}

/* An <img> that can be painted. `decode` would wait for a frame. */
function decoded(address) {
  return new Promise((resolve, reject) => {
    const image = new Image();
    image.onload = () => resolve(image);
    image.onerror = () => reject(new Error("The server's answer is not a picture."));
    image.decoding = "sync";
    image.src = address;
  });
}

/* Have a canvas show a picture, pixel for pixel. */
function paint(canvas, picture) {
  const { width, height } = picture;
  if (canvas.width !== width) canvas.width = width;
  if (canvas.height !== height) canvas.height = height;
  const context = canvas.getContext("2d");
  if (picture.data) context.putImageData(new ImageData(picture.data, width, height), 0, 0);
  else {
    context.clearRect(0, 0, width, height);
    context.drawImage(picture, 0, 0);
  }
}

/* The picture that was asked ahead, once; undefined where there is none. */
function take(url) {
  const asked = ahead.get(url);
  if (!asked) return undefined;
  ahead.delete(url);
  asked.wanted = true;
  return asked.picture;
}

/* Ask ahead, and keep the answer for a while. */
function keep(url) {
  const asked = { wanted: false };
  asked.picture = makePicture(url, () => asked.wanted);
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

/* Show the picture at `url` in the <canvas id="{slot}-picture">; done when it, or a later wish of the slot, is shown. */
export function ask(slot, url, since = performance.now()) {
  return slotOf(slot).ask(url, since);
}

/* Ask for a picture of the selected point unless the slot shows it already, or is about to. Returns whether it
 * asked. */
export function askOnce(slot, kind, parameters, since) {
  const { atlas, point } = screen.current;
  const url = pictureAddress(atlas, point, kind, parameters);
  if (slotOf(slot).asked === url) return false;
  slotOf(slot).ask(url, since);
  return true;
}

/* Ask for pictures that somebody may soon want to see, one after the other, while `isWanted()`: they cost the
 * server work that may be in vain. */
export async function askAhead(urls, isWanted = () => true) {
  for (const url of urls) {
    if (!isWanted()) return;
    // Whoever asks for it later learns what is wrong.
    if (!ahead.has(url)) await keep(url).catch(() => {});
  }
}

/* Have `say(place, message)` say why pictures are missing: one message for all slots of a place, and "" when they
 * can be had again. placeOf(slot): that place, or nothing for slots of other places. Returns the failures, slot →
 * message. */
export function sayWhyMissing(placeOf, say) {
  const failures = new Map();
  const sayAgain = (place) => {
    const messages = [...failures].filter(([slot]) => placeOf(slot) === place).map(([, text]) => text);
    const message = messages.find(Boolean) || "";
    say(place, message);
  };
  document.addEventListener("hvae:failed", ({ detail }) => {
    const place = placeOf(detail.slot);
    if (!place) return;
    failures.set(detail.slot, detail.message);
    sayAgain(place);
  });
  document.addEventListener("hvae:drawn", ({ detail }) => {
    const place = failures.delete(detail.slot) && placeOf(detail.slot);
    if (place) sayAgain(place);
  });
  return failures;
}
