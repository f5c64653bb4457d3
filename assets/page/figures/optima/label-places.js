/* Where labels stand beside dots: near their own, on no dot and on no other label, and no line from a label to its dot
 * crosses another label or line; lines that cross dots are avoided.
 *
 * A circle is {x, y, radius}, a box {x, y, width, height}, all in pixels.
 */
const STEP = 5; // between places that are tried, in pixels
const CLEAR = 3; // from dots and from one another, in pixels
const MOST = 300; // places of a label that are compared with those of others
const PATIENCE = 60000; // pairs of places that are compared
const CROSSED = 12; // a line may be so much longer, in pixels, to cross one dot less

/* How far a box and a circle are apart; below 0 if they overlap. */
function gapToDot(box, { x, y, radius }) {
  const across = Math.max(box.x - x, 0, x - box.x - box.width);
  const up = Math.max(box.y - y, 0, y - box.y - box.height);
  return Math.sqrt(across ** 2 + up ** 2) - radius; // Math.hypot takes far longer
}

function gapToBox(one, other) {
  const across = Math.max(one.x - other.x - other.width, other.x - one.x - one.width);
  const up = Math.max(one.y - other.y - other.height, other.y - one.y - one.height);
  return Math.max(across, up);
}

/* The line from a dot's edge to the nearest place of its label: {x1, y1, x2, y2}. */
function lineTo(box, { x, y, radius }) {
  const x2 = Math.min(Math.max(x, box.x), box.x + box.width);
  const y2 = Math.min(Math.max(y, box.y), box.y + box.height);
  const far = Math.hypot(x2 - x, y2 - y) || 1;
  return { x1: x + ((x2 - x) * radius) / far, y1: y + ((y2 - y) * radius) / far, x2, y2 };
}

/* Whether a line goes over a circle. */
function goesOver({ x1, y1, x2, y2 }, { x, y, radius }) {
  const [across, up] = [x2 - x1, y2 - y1];
  const along = across || up ? ((x - x1) * across + (y - y1) * up) / (across ** 2 + up ** 2) : 0;
  const at = Math.min(Math.max(along, 0), 1);
  return (x1 + at * across - x) ** 2 + (y1 + at * up - y) ** 2 < radius ** 2;
}

/* Whether a line and a box meet: Liang and Barsky's way to clip a line, first along x, then along y. */
function meets({ x1, y1, x2, y2 }, { x, y, width, height }) {
  if (Math.max(x1, x2) < x || Math.min(x1, x2) > x + width) return false;
  if (Math.max(y1, y2) < y || Math.min(y1, y2) > y + height) return false;
  if (x1 === x2 || y1 === y2) return true;
  const [left, right] = [(x - x1) / (x2 - x1), (x + width - x1) / (x2 - x1)];
  const [top, bottom] = [(y - y1) / (y2 - y1), (y + height - y1) / (y2 - y1)];
  const from = Math.max(Math.min(left, right), Math.min(top, bottom), 0);
  return from <= Math.min(Math.max(left, right), Math.max(top, bottom), 1);
}

/* The boxes of a size inside `area` that are clear of all circles, the best for a dot first: {box, line, cost}. */
function clearPlaces(size, dot, around, area) {
  const found = [];
  for (let x = area.x; x + size.width <= area.x + area.width; x += STEP) {
    for (let y = area.y; y + size.height <= area.y + area.height; y += STEP) {
      const box = { x, y, ...size };
      if (!around.some((one) => gapToDot(box, one) < CLEAR)) found.push({ box, far: gapToDot(box, dot) });
    }
  }
  found.sort((one, other) => one.far - other.far).splice(MOST);
  const others = around.filter(({ x, y }) => Math.hypot(x - dot.x, y - dot.y) > dot.radius);
  for (const place of found) {
    place.line = lineTo(place.box, dot);
    place.cost = place.far + CROSSED * others.filter((one) => goesOver(place.line, one)).length;
  }
  return found.sort((one, other) => one.cost - other.cost);
}

/* The places of labels of some sizes beside their dots: {boxes, lines, cost}; null where there is no room for all.
 * around: circles that they keep clear of. */
export function placesFor(sizes, dots, around, area) {
  const clear = sizes.map((size, index) => clearPlaces(size, dots[index], around, area));
  let [best, left] = [null, PATIENCE];
  search(clear, []);
  return best;

  /* Extend the chosen places by one each of `lists`, those that are left for the other labels, and keep the best. */
  function search([list, ...others], chosen) {
    const cost = chosen.reduce((sum, place) => sum + place.cost, 0);
    if (!list) {
      best = { boxes: chosen.map(({ box }) => box), lines: chosen.map(({ line }) => line), cost };
      return;
    }
    for (const place of list) {
      const free = others.map((its) => its.filter((one) => !areInTheWay(one, place)));
      left -= others.reduce((sum, its) => sum + its.length, 1);
      const least = free.reduce((sum, its) => sum + (its[0]?.cost ?? Infinity), cost + place.cost);
      if (best && cost + place.cost + others.reduce((sum, its) => sum + its[0].cost, 0) >= best.cost) return;
      if (least < (best?.cost ?? Infinity)) search(free, [...chosen, place]);
      if (left < 0) return;
    }
  }
}

/* On which side of a line a place lies: the sign says. */
function side({ x1, y1, x2, y2 }, x, y) {
  return (x2 - x1) * (y - y1) - (y2 - y1) * (x - x1);
}

function cross(one, other) {
  const parts = (line, { x1, y1, x2, y2 }) => side(line, x1, y1) * side(line, x2, y2) < 0;
  return parts(one, other) && parts(other, one);
}

function areInTheWay({ box, line }, other) {
  if (gapToBox(box, other.box) < CLEAR) return true;
  return meets(line, other.box) || meets(other.line, box) || cross(line, other.line);
}
