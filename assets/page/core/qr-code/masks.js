/* The eight masks of QR codes, and how hard a code is to read (ISO/IEC 18004, 7.8). */

export const MASKS = [
  (row, column) => (row + column) % 2 === 0,
  (row) => row % 2 === 0,
  (_, column) => column % 3 === 0,
  (row, column) => (row + column) % 3 === 0,
  (row, column) => (Math.floor(row / 2) + Math.floor(column / 3)) % 2 === 0,
  (row, column) => ((row * column) % 2) + ((row * column) % 3) === 0,
  (row, column) => (((row * column) % 2) + ((row * column) % 3)) % 2 === 0,
  (row, column) => (((row + column) % 2) + ((row * column) % 3)) % 2 === 0,
];
const FINDER = /(?=1011101)/g;
const LIGHT = "0000"; // beside something like a finder

/* Runs of five and more of one colour, and what looks like a finder; around a code all is light. */
function penaltyOfLine(line) {
  const runs = line.match(/0{5,}|1{5,}/g) ?? [];
  const around = `${LIGHT}${line}${LIGHT}`;
  const finders = [...around.matchAll(FINDER)].filter(
    ({ index }) => around.slice(index - 4, index) === LIGHT || around.slice(index + 7, index + 11) === LIGHT,
  );
  return runs.reduce((sum, run) => sum + run.length - 2, 0) + 40 * finders.length;
}

/* The penalty of rows of booleans. */
export function penalty(dark) {
  const rows = dark.map((row) => row.map(Number));
  const columns = rows.map((_, x) => rows.map((row) => row[x]));
  const lines = [...rows, ...columns].map((line) => penaltyOfLine(line.join("")));
  let [blocks, count] = [0, 0];
  rows.forEach((row, y) =>
    row.forEach((module, x) => {
      count += module;
      if (y && x && module === row[x - 1] && module === rows[y - 1][x] && module === rows[y - 1][x - 1]) blocks += 1;
    }),
  );
  const share = (100 * count) / rows.length ** 2;
  return lines.reduce((sum, one) => sum + one, 0) + 3 * blocks + 10 * Math.floor(Math.abs(share - 50) / 5);
}
