/* Contact sheets: many small pictures in one: app/pictures/contact_sheet.py, with RGBA in place of PNG.

   A tile is the RGBA bytes of one picture, or null for an empty place. */

export const COLUMNS = 8;
/** Transparent pixels between neighbouring pictures. */
const GAP = 2;
/** Further transparent pixels between the parts of a sheet. */
const APART = 4;

/** Lay tiles of height × width pixels out in rows: { width, height, data }, with opacity 255 on pictures, 0 between.

    apartRows, apartColumns: indices after which the gap is wider. */
export function gridSheet(rows, [height, width], apartRows = [], apartColumns = []) {
  const longest = Math.max(...rows.map((row) => row.length));
  const tops = rows.map((_, row) => row * (height + GAP) + APART * before(row, apartRows));
  const lefts = Array.from(
    { length: longest },
    (_, column) => column * (width + GAP) + APART * before(column, apartColumns),
  );
  const sheet = { width: lefts.at(-1) + width, height: tops.at(-1) + height };
  const data = new Uint8ClampedArray(4 * sheet.width * sheet.height);
  rows.forEach((row, r) =>
    row.forEach((tile, column) => {
      if (!tile) return;
      for (let y = 0; y < height; y++)
        data.set(
          tile.subarray(4 * y * width, 4 * (y + 1) * width),
          4 * ((tops[r] + y) * sheet.width + lefts[column]),
        );
    }),
  );
  return { ...sheet, data };
}

/** Lay tiles, at least one, out in rows of at most COLUMNS. */
export function contactSheet(tiles, size) {
  return gridSheet(rowsOf(tiles, COLUMNS), size);
}

/** Lay tiles out in pairs of rows, `above` over `below`. */
export function pairedSheet(above, below, size) {
  const lower = rowsOf(below, COLUMNS);
  return gridSheet(
    rowsOf(above, COLUMNS).flatMap((row, i) => [row, lower[i]]),
    size,
  );
}

/** A list in parts of `count`. */
export function rowsOf(list, count) {
  return Array.from({ length: Math.ceil(list.length / count) }, (_, row) =>
    list.slice(row * count, (row + 1) * count),
  );
}

/** The tiles in the RGBA bytes of pictures that follow each other. */
export function tilesOf(rgba, [height, width]) {
  const size = 4 * height * width;
  return Array.from({ length: rgba.length / size }, (_, i) => rgba.subarray(i * size, (i + 1) * size));
}

/** The tiles of images uint8 (N, C, H, W) with one channel or three. */
export function tilesOfImages(images, [channels, height, width]) {
  const area = height * width,
    count = images.length / (channels * area);
  const rgba = new Uint8ClampedArray(4 * count * area);
  for (let i = 0; i < count; i++)
    for (let place = 0; place < area; place++) {
      const to = 4 * (i * area + place);
      for (let k = 0; k < 3; k++)
        rgba[to + k] = images[(i * channels + Math.min(k, channels - 1)) * area + place];
      rgba[to + 3] = 255;
    }
  return tilesOf(rgba, [height, width]);
}

const before = (index, apart) => apart.filter((other) => other < index).length;
