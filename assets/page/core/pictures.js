/* All pictures on the page: from a model that runs in the page (core/models) or, if that is not possible, from the
 * server.
 *
 * A slot is a <canvas>. It has at most one request in flight. Meanwhile only its latest wish is kept, and asked for
 * next. So a dragged slider draws as many frames as can be made, and never lags. Pictures that a visitor will probably
 * want next can be asked for ahead. They are kept for a short time.
 *
 * Events of `document`:  hvae:drawn  {slot, url}   the picture is on the screen
 *                        hvae:failed {slot, url, message}   there is no picture; message is a sentence, or empty while
 *                                                           the server cannot be reached: it is asked again later
 * For measurements:  `drawn`, and data-frames, data-picture-url on the <canvas>.
 */
import { request } from "../server/requests.js";
import { pictureHere } from "./models/models.js";
import { screen } from "./screen.js";
import { pictureAddress } from "../server/server-addresses.js";

const KEPT = 1000; // entries of `drawn`
const MOST_AHEAD = 8;
const AHEAD_MS = 10000; // after this a file may have changed
const ahead = new Map(); // address → {picture: a promise, wanted: whether a slot waits for it by now}
const slots = new Map();

/* The pictures drawn last: {slot, url, since, drawn}, times in ms. */
export const drawn = [];

class Slot {
  constructor(name) {
    this.name = name;
    this.wish = null;
    this.working = null;
    this.asked = ""; // the address of what it shows, or will show
    this.lost = ""; // the address to ask for when the server can be reached
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
        // With a newer wish, this picture is not needed.
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

/* The picture at `url`: {width, height, data} in RGBA from a model in the page, or else an <img> from the server. */
async function makePicture(url, isWanted) {
  return (await pictureHere(url)) ?? fetchPicture(url, isWanted);
}

/* The server's picture, from a data address: a blob's would pass through two more processes, in 4 to 9 ms. */
async function fetchPicture(url, isWanted) {
  const response = await request(url, isWanted);
  return decoded(toAddress(await response.arrayBuffer()));
}

function toAddress(buffer) {
  const bytes = new Uint8Array(buffer);
  let text = "";
  // A function takes a limited number of arguments.
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

/* Paint a picture on a canvas, pixel for pixel. */
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

/* Whether no slot waits for a picture. */
export function isIdle() {
  return [...slots.values()].every(({ working }) => !working);
}

/* Take a picture that was asked for ahead; undefined if there is none. */
function take(url) {
  const asked = ahead.get(url);
  if (!asked) return undefined;
  ahead.delete(url);
  asked.wanted = true;
  return asked.picture;
}

/* Ask for a picture ahead, and keep it for a while. */
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

/* Show the picture at `url` in the <canvas id="{slot}-picture">. Resolves when it, or a later wish, is shown. */
export function ask(slot, url, since = performance.now()) {
  return slotOf(slot).ask(url, since);
}

/* Ask for a picture of the selected point, unless the slot shows it already, or soon will. Returns whether it asked. */
export function askOnce(slot, kind, parameters, since) {
  const { atlas, point } = screen.current;
  const url = pictureAddress(atlas, point, kind, parameters);
  if (slotOf(slot).asked === url) return false;
  slotOf(slot).ask(url, since);
  return true;
}

/* Ask for pictures that a visitor will probably want, one after the other, while `isWanted()`: the work may be in
 * vain. */
export async function askAhead(urls, isWanted = () => true) {
  for (const url of urls) {
    if (!isWanted()) return;
    // A later request shows what is wrong.
    if (!ahead.has(url)) await keep(url).catch(() => {});
  }
}

/* Call `say(place, message)` when pictures are missing, with one message for all slots of a place, and with "" when
 * they are back. placeOf(slot): the slot's place, or nothing if another module tells about it. Returns the failures,
 * slot → message. */
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
