/* The square of a QR code: patterns that every code of a version has, and where codewords go (ISO/IEC 18004, 6.3, 7.7, 7.9
 * and 7.10). true is a dark module. */

const LEVEL_M = 0b00;
const FORMAT = { divisor: 0b10100110111, bits: 10, mask: 0b101010000010010 };
const VERSION = { divisor: 0b1111100100101, bits: 12 };

/* A number and the rest of its division in GF(2), which makes errors in it visible. */
function withRest(number, { divisor, bits }) {
  let rest = number;
  for (let turn = 0; turn < bits; turn += 1) rest = (rest << 1) ^ ((rest >> (bits - 1)) * divisor);
  return (number << bits) | rest;
}

/* Where the centres of alignment patterns lie, across and down. */
function alignmentCentres(version, side) {
  if (version === 1) return [];
  const count = Math.floor(version / 7) + 2;
  const step = 2 * Math.floor((8 * version + 3 * count + 5) / (4 * count - 4));
  return [6, ...Array.from({ length: count - 1 }, (_, at) => side - 7 - step * (count - 2 - at))];
}

export class Grid {
  dark; // rows of booleans
  #isPattern; // rows of booleans: whether no codeword goes there
  #version;

  constructor(version) {
    this.side = 4 * version + 17;
    this.#version = version;
    const rows = () => Array.from({ length: this.side }, () => new Array(this.side).fill(false));
    [this.dark, this.#isPattern] = [rows(), rows()];
    this.#drawTiming();
    this.#drawFinders();
    this.#drawAlignment();
    this.drawFormat(0);
    this.#drawVersion();
  }

  #set(x, y, isDark) {
    this.dark[y][x] = isDark;
    this.#isPattern[y][x] = true;
  }

  /* A square of rings around a centre, as far as it lies inside. lightRings: distances from the centre. */
  #drawRings(centreX, centreY, reach, lightRings) {
    for (let y = Math.max(centreY - reach, 0); y <= Math.min(centreY + reach, this.side - 1); y += 1) {
      for (let x = Math.max(centreX - reach, 0); x <= Math.min(centreX + reach, this.side - 1); x += 1) {
        this.#set(x, y, !lightRings.includes(Math.max(Math.abs(x - centreX), Math.abs(y - centreY))));
      }
    }
  }

  #drawTiming() {
    for (let at = 0; at < this.side; at += 1) {
      this.#set(at, 6, at % 2 === 0);
      this.#set(6, at, at % 2 === 0);
    }
  }

  #drawFinders() {
    const far = this.side - 4;
    for (const [x, y] of [[3, 3], [far, 3], [3, far]]) this.#drawRings(x, y, 4, [2, 4]);
  }

  #drawAlignment() {
    const centres = alignmentCentres(this.#version, this.side);
    const last = centres.at(-1);
    const isFinder = (x, y) => (x === 6 && (y === 6 || y === last)) || (x === last && y === 6);
    for (const y of centres) {
      for (const x of centres) if (!isFinder(x, y)) this.#drawRings(x, y, 2, [1]);
    }
  }

  /* Write level and mask, twice. */
  drawFormat(mask) {
    const said = withRest((LEVEL_M << 3) | mask, FORMAT) ^ FORMAT.mask;
    const { side } = this;
    for (let bit = 0; bit < 15; bit += 1) {
      const isDark = ((said >> bit) & 1) === 1;
      const down = [0, 1, 2, 3, 4, 5, 7, 8][bit] ?? side - 15 + bit;
      const across = bit < 8 ? side - 1 - bit : [7, 5, 4, 3, 2, 1, 0][bit - 8];
      this.#set(8, down, isDark);
      this.#set(across, 8, isDark);
    }
    this.#set(8, side - 8, true);
  }

  #drawVersion() {
    if (this.#version < 7) return;
    const said = withRest(this.#version, VERSION);
    for (let bit = 0; bit < 18; bit += 1) {
      const isDark = ((said >> bit) & 1) === 1;
      const [near, far] = [Math.floor(bit / 3), this.side - 11 + (bit % 3)];
      this.#set(near, far, isDark);
      this.#set(far, near, isDark);
    }
  }

  /* Write codewords, upwards and downwards in columns of two, from the right. */
  place(codewords) {
    let bit = 0;
    for (let right = this.side - 1; right > 0; right -= 2) {
      if (right === 6) right = 5;
      const isUpward = ((right + 1) & 2) === 0;
      for (let step = 0; step < this.side; step += 1) {
        const y = isUpward ? this.side - 1 - step : step;
        for (const x of [right, right - 1]) {
          if (this.#isPattern[y][x]) continue;
          this.dark[y][x] = ((codewords[bit >> 3] >> (7 - (bit & 7))) & 1) === 1;
          bit += 1;
        }
      }
    }
  }

  /* Turn the modules of codewords where `isTurned(row, column)`; once more turns them back. */
  turn(isTurned) {
    this.dark.forEach((row, y) =>
      row.forEach((isDark, x) => {
        if (!this.#isPattern[y][x] && isTurned(y, x)) row[x] = !isDark;
      }),
    );
  }
}
