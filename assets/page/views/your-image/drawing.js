/* From strokes, or from any picture, to an image of exactly the model's size, as PNG in base64url. */
import { fromBase64Url, toBase64Url } from "../../server/base64url.js";

const STROKE = 0.085; // width of the pen, in heights of the frame; MNIST's is about 2.7 of 32 pixels
const BLANK = "#000";

function canvasOf(width, height) {
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [width, height];
  return canvas;
}

/* A black canvas, and its context. */
function blank(width, height) {
  const canvas = canvasOf(width, height);
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.fillStyle = BLANK;
  context.fillRect(0, 0, width, height);
  return [canvas, context];
}

/* Strokes, lists of [x, y], as white lines; `place` maps a point into the canvas. */
function pen(context, strokes, thickness, place) {
  Object.assign(context, { lineCap: "round", lineJoin: "round", lineWidth: thickness, strokeStyle: "#fff" });
  for (const stroke of strokes) {
    context.beginPath();
    stroke.forEach((point, index) => context[index ? "lineTo" : "moveTo"](...place(point)));
    if (stroke.length === 1) context.lineTo(...place(stroke[0]));
    context.stroke();
  }
}

function bounds(strokes) {
  const [xs, ys] = [0, 1].map((axis) => strokes.flatMap((stroke) => stroke.map((point) => point[axis])));
  return { left: Math.min(...xs), right: Math.max(...xs), top: Math.min(...ys), bottom: Math.max(...ys) };
}

/* The centre of mass of a canvas: the mean place of its pixels, weighted by brightness. */
function centreOfMass(context, width, height) {
  const { data } = context.getImageData(0, 0, width, height);
  let [mass, x, y] = [0, 0, 0];
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column++) {
      const value = data[4 * (row * width + column)];
      mass += value;
      x += value * (column + 0.5);
      y += value * (row + 0.5);
    }
  }
  return mass ? [x / mass, y / mass] : [width / 2, height / 2];
}

/* Draw strokes as they are, for the visitor. */
export function drawStrokes(context, strokes, height) {
  pen(context, strokes, STROKE * height, (point) => point);
}

/* Prepare a drawing as MNIST was made: scale it so that its longer side takes `fill` of the frame, and put its centre
 * of mass into the middle. The pen keeps its width. */
export function framedStrokes(strokes, { width, height, fill }) {
  const { left, right, top, bottom } = bounds(strokes);
  const thickness = STROKE * height;
  const longer = Math.max(right - left, bottom - top);
  // A dot stays a dot.
  const scale = longer > 0 ? (fill * height - thickness) / longer : 0;
  const centred = ([x, y]) => [
    width / 2 + scale * (x - (left + right) / 2),
    height / 2 + scale * (y - (top + bottom) / 2),
  ];
  const [, first] = blank(width, height);
  pen(first, strokes, thickness, centred);
  const [massX, massY] = centreOfMass(first, width, height);
  const [canvas, context] = blank(width, height);
  pen(context, strokes, thickness, (point) => {
    const [x, y] = centred(point);
    return [x + width / 2 - massX, y + height / 2 - massY];
  });
  return canvas;
}

/* The central part of a picture that has the frame's proportions, scaled to it. */
export function framedPicture(picture, { width, height }) {
  const [fromWidth, fromHeight] = [picture.naturalWidth || picture.width, picture.naturalHeight || picture.height];
  const scale = Math.min(fromWidth / width, fromHeight / height);
  const cut = [(fromWidth - scale * width) / 2, (fromHeight - scale * height) / 2, scale * width, scale * height];
  // Halve it step by step: browsers ignore most pixels when they shrink by more than that.
  let source = picture;
  let [x, y, across, down] = cut;
  while (across > 2 * width) {
    const [half, context] = blank(Math.ceil(across / 2), Math.ceil(down / 2));
    context.imageSmoothingQuality = "high";
    context.drawImage(source, x, y, across, down, 0, 0, half.width, half.height);
    [source, x, y, across, down] = [half, 0, 0, half.width, half.height];
  }
  const [canvas, context] = blank(width, height);
  context.imageSmoothingQuality = "high";
  context.drawImage(source, x, y, across, down, 0, 0, width, height);
  return canvas;
}

/* A canvas as PNG in base64url. */
export function toText(canvas) {
  return toBase64Url(canvas.toDataURL("image/png").split(",")[1]);
}

/* The same as an address for an <img>. */
export function toAddress(text) {
  return `data:image/png;base64,${fromBase64Url(text)}`;
}
