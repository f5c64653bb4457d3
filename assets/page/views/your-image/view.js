/* The view of the visitor's own image: drawing, dropping and choosing images, and the model's answer.
 *
 * The image travels in the addresses of its pictures, and in the page's own (field `own`), so that a link carries it.
 */
import { showThumbnails } from "../../controls/thumbnails.js";
import { element } from "../../core/dom.js";
import { askOnce } from "../../core/pictures.js";
import { screen } from "../../core/screen.js";
import { drawStrokes, framedPicture, framedStrokes, toAddress, toText } from "./drawing.js";
import { listenToFlow } from "./flow.js";
import { openImage } from "./image-files.js";
import { askRates, forgetRates, showRates } from "./rates.js";
import { shortPng } from "./short-png.js";

let strokes = []; // lists of [x, y], in pixels of the canvas
let stroke = null; // the one under the pen
let image = ""; // the image on screen, a PNG in base64url
let taken = 0; // counts the images that were started

const canvas = () => document.getElementById("own-canvas");
const place = () => document.getElementById("own-place");

/* The model's frame, in pixels. */
function frame() {
  const { channels, height, width, fill } = place().dataset;
  return { channels: Number(channels), height: Number(height), width: Number(width), fill: Number(fill) };
}

function say(message) {
  document.getElementById("own-message").textContent = message;
}

/* ---- What the model makes of the image ------------------------------------------------------------------ */

function answer(since) {
  document.getElementById("own-empty").hidden = Boolean(image);
  document.getElementById("own-answer").hidden = !image;
  place().classList.toggle("is-empty", !image);
  if (!image) return forgetRates();
  if (!screen.points[screen.current.point]) return;
  // The rest after the main picture, which would otherwise wait for them while the pen moves.
  if (!askOnce("own-layers", "layers", `draws=0&image=${image}`, since)) answerMore(since);
}

function answerMore(since) {
  askOnce("own-resample", "resample", `seed=${screen.current.seed}&image=${image}`, since);
  askRates(image);
}

/* Use a canvas as the image. While a hand draws, only the last one counts. */
async function takeCanvas(canvas, since, rests = true) {
  const most = Number(place().dataset.mostCharacters);
  const mine = (taken += 1);
  let text = toText(canvas);
  if (text.length > most) text = await shortPng(canvas, most);
  if (mine !== taken) return;
  if (text) take(text, since, rests);
  else say("This image is too large for a link: choose a simpler one.");
}

/* Use an image, and write it into the address when the hand rests. */
function take(text, since, rests = true) {
  image = text;
  answer(since);
  if (rests && screen.current.own !== image) screen.set({ own: image }, since);
}

/* ---- The canvas ----------------------------------------------------------------------------------------- */

/* Paint the strokes, if any. */
function paint() {
  const context = canvas().getContext("2d");
  context.fillStyle = "#000";
  context.fillRect(0, 0, canvas().width, canvas().height);
  if (strokes.length) drawStrokes(context, strokes, canvas().height);
}

/* Paint an image as the model gets it. */
function paintImage(text) {
  const picture = new Image();
  picture.onload = () => {
    if (text !== image || strokes.length) return;
    const context = canvas().getContext("2d");
    context.imageSmoothingEnabled = false;
    context.drawImage(picture, 0, 0, canvas().width, canvas().height);
  };
  picture.src = toAddress(text);
}

function clear(since) {
  [strokes, stroke] = [[], null];
  taken += 1;
  say("");
  take("", since);
  paint();
}

function redraw(since, rests) {
  paint();
  takeCanvas(framedStrokes(strokes, frame()), since, rests);
}

/* Where a pointer is, in pixels of the canvas. */
function placeOf(event) {
  const box = canvas().getBoundingClientRect();
  return [
    ((event.clientX - box.left) / box.width) * canvas().width,
    ((event.clientY - box.top) / box.height) * canvas().height,
  ];
}

function listenToThePen() {
  document.addEventListener("pointerdown", (event) => {
    if (event.target.id !== "own-canvas" || !event.isPrimary || event.button !== 0 || frame().channels !== 1) return;
    event.target.setPointerCapture(event.pointerId);
    // As the default would, but without scrolling. Keys then go to the page.
    document.activeElement.blur();
    stroke = [placeOf(event)];
    strokes.push(stroke);
    redraw(event.timeStamp, false);
    event.preventDefault();
  });

  document.addEventListener("pointermove", (event) => {
    if (!stroke || event.target.id !== "own-canvas" || !event.isPrimary) return;
    const passed = event.getCoalescedEvents?.() || [];
    stroke.push(...(passed.length ? passed : [event]).map(placeOf));
    redraw(event.timeStamp, false);
  });

  for (const name of ["pointerup", "pointercancel"]) {
    document.addEventListener(name, (event) => {
      if (!stroke || !event.isPrimary) return;
      stroke = null;
      redraw(event.timeStamp, true);
    });
  }
}

/* ---- Existing pictures ---------------------------------------------------------------------------------- */

/* Use a picture that the browser can show. */
async function takePicture(picture, since) {
  strokes = [];
  paint();
  await takeCanvas(framedPicture(picture, frame()), since);
  paintImage(image);
}

async function takeFile(file, since) {
  const refusal = await openImage(file, (picture) => {
    say("");
    takePicture(picture, since);
  });
  if (refusal) say(refusal);
}

/* Cut a test image out of the sheet that shows all of them. */
async function takeThumbnail(button, since) {
  const sheet = document.getElementById("own-thumbnails-picture");
  if (sheet.dataset.state !== "shown") return;
  const buttons = [...button.parentNode.children];
  const columns = Math.min(8, buttons.length);
  const { width, height } = frame();
  const [across, down] = [buttons.indexOf(button) % columns, Math.floor(buttons.indexOf(button) / columns)];
  const gap = columns > 1 ? (sheet.width - columns * width) / (columns - 1) : 0;
  takePicture(await createImageBitmap(sheet, across * (width + gap), down * (height + gap), width, height), since);
}

function listenToChoices() {
  document.addEventListener("click", (event) => {
    if (event.target.closest("#own-clear")) clear(event.timeStamp);
    const thumbnail = event.target.closest(".own-view .thumbnail");
    if (thumbnail) takeThumbnail(thumbnail, event.timeStamp);
  });

  document.addEventListener("change", (event) => {
    if (event.target.id !== "own-file") return;
    if (event.target.files.length) takeFile(event.target.files[0], event.timeStamp);
    event.target.value = ""; // the same file may be chosen again
  });

  for (const name of ["dragover", "dragleave", "drop"]) {
    document.addEventListener(name, (event) => {
      const there = event.target.closest?.("#own-place");
      place()?.classList.toggle("is-target", name === "dragover" && Boolean(there));
      if (!there) return;
      event.preventDefault();
      if (name === "drop") takeFile(event.dataTransfer.files[0], event.timeStamp);
    });
  }
}

function placeFileInput() {
  const there = document.getElementById("own-file-place");
  if (there.firstChild) return;
  there.append(element("input", "", "", { type: "file", id: "own-file", accept: "image/*" }));
}

function show(current, former, since) {
  if (current.view !== "own") return;
  placeFileInput();
  showThumbnails("own-thumbnails", Number(document.querySelector(".own-view").dataset.images), since);
  if (current.own !== image) {
    // Not the last image drawn here: it comes from a link, or from Back.
    strokes = [];
    taken += 1;
    image = current.own;
    paint();
    if (image) paintImage(image);
  } else if (!former && !image) paint();
  answer(since);
  if (image) showRates();
}

export function start() {
  listenToThePen();
  listenToChoices();
  listenToFlow();
  document.addEventListener("hvae:drawn", ({ detail }) => {
    if (detail.slot !== "own-layers" || !image) return;
    answerMore();
    showRates(); // they may have come before the reconstruction
  });
  screen.subscribe(show);
}
