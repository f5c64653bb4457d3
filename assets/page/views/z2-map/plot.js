/* The drawing of the map: an image of the test set is the name of its class if that is short, else a dot. */

const COLOURS = ["#4e79a7", "#f28e2b", "#59a14f", "#e15759", "#76b7b2", "#b6992d", "#b07aa1", "#d4628c", "#9c755f", "#79706e"];
const SHORT = 2; // characters of a class's name that are drawn in place of a dot
const RADIUS = 4; // in pixels
const INSIDE = 0.97; // of the canvas, within which places lie
const NEAR = 14; // from the pointer to the image that it means, in pixels

/* The colour of a class. */
function classColour(label, count) {
  return count <= COLOURS.length ? COLOURS[label] : `hsl(${Math.round((360 * label) / count)} 60% 50%)`;
}

export class Plot {
  /* canvas: square on screen. reach: how far the map reaches from its middle. */
  constructor(canvas, reach) {
    this.canvas = canvas;
    this.reach = reach;
  }

  get side() {
    return this.canvas.clientWidth;
  }

  /* From the map to pixels of the window's measure, and back. What lies beyond the map is drawn at its edge. */
  toPixels([x, y]) {
    const inside = (value) => Math.max(-1, Math.min(1, value / this.reach));
    return [(this.side * (1 + INSIDE * inside(x))) / 2, (this.side * (1 - INSIDE * inside(y))) / 2];
  }

  toPlace([left, top]) {
    const place = (share) => Math.max(-this.reach, Math.min(this.reach, ((2 * share - 1) / INSIDE) * this.reach));
    return [place(left / this.side), -place(top / this.side)];
  }

  /* The index of the image next to a place, or -1. */
  nearest(places, place) {
    const [left, top] = this.toPixels(place);
    const far = places.map((one) => {
      const [x, y] = this.toPixels(one);
      return Math.hypot(x - left, y - top);
    });
    const nearest = far.indexOf(Math.min(...far));
    return nearest >= 0 && far[nearest] <= NEAR ? nearest : -1;
  }

  /* places, labels: of the test images. names: of the classes. own: the place of the visitor's image, or null. place: the
   * one that is shown. */
  draw({ places, labels, names, own, place }) {
    const { canvas, side } = this;
    const sharp = window.devicePixelRatio || 1;
    const pixels = Math.round(side * sharp);
    if (canvas.width !== pixels) canvas.width = canvas.height = pixels;
    const context = canvas.getContext("2d");
    const ink = getComputedStyle(canvas).color;
    context.setTransform(sharp, 0, 0, sharp, 0, 0);
    context.clearRect(0, 0, side, side);
    this.#circles(context, ink);
    const isShort = names.length > 1 && names.every((name) => [...name].length <= SHORT);
    context.font = `600 ${Math.round(Math.max(11, side / 38))}px system-ui, sans-serif`;
    context.textAlign = "center";
    context.textBaseline = "middle";
    places.forEach((one, i) => {
      const [x, y] = this.toPixels(one);
      context.fillStyle = classColour(labels[i], names.length);
      if (isShort) context.fillText(names[labels[i]], x, y);
      else this.#dot(context, x, y, RADIUS);
    });
    if (own) this.#ring(context, this.toPixels(own), ink);
    if (place) this.#cross(context, this.toPixels(place), ink);
  }

  #dot(context, x, y, radius) {
    context.beginPath();
    context.arc(x, y, radius, 0, 2 * Math.PI);
    context.fill();
  }

  #circles(context, ink) {
    context.strokeStyle = ink;
    context.lineWidth = 1;
    context.globalAlpha = 0.25;
    for (const radius of [1, 2]) {
      context.beginPath();
      context.arc(this.side / 2, this.side / 2, (INSIDE * this.side * radius) / this.reach / 2, 0, 2 * Math.PI);
      context.stroke();
    }
    context.globalAlpha = 1;
  }

  #ring(context, [x, y], ink) {
    context.strokeStyle = ink;
    context.lineWidth = 2.5;
    context.beginPath();
    context.arc(x, y, 2 * RADIUS, 0, 2 * Math.PI);
    context.stroke();
  }

  #cross(context, [x, y], ink) {
    context.strokeStyle = ink;
    context.lineWidth = 2;
    context.beginPath();
    for (const [dx, dy] of [[1, 0], [-1, 0], [0, 1], [0, -1]]) {
      context.moveTo(x + 5 * dx, y + 5 * dy);
      context.lineTo(x + 13 * dx, y + 13 * dy);
    }
    context.stroke();
  }
}
