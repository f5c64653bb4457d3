/* The models, run in the page: the pictures and numbers that the server would give at the same addresses.
 *
 * What cannot be had here (no worker, an unknown architecture, a damaged file) is null, and whoever asked asks the server,
 * which also says what is wrong. Numbers have a worker of their own: a dragged slider never waits for them.
 */
import { screen } from "../screen.js";
import { imagesFile, sourceOf } from "./files.js";
import { questionAt } from "./queries.js";
import { Runner } from "./runner.js";

const NEIGHBOURS = 4;
const SETTLED_MS = 300; // after the samples of a dot, before its neighbours' files are fetched

const pictures = new Runner(10000);
const numbers = new Runner(30000);

/* Begin to load what runs the models. */
export function startModels() {
  pictures.start();
}

/* The picture at an address, {width, height, data} in RGBA; null where it cannot be made here. */
export function pictureHere(url) {
  return answerHere(pictures, "picture", url);
}

/* The numbers at an address, as its JSON has them, without texts; null where they cannot be had here. */
export function numbersHere(url) {
  return answerHere(numbers, "numbers", url);
}

async function answerHere(runner, act, url) {
  try {
    const { atlas, point, kind, query, usesImages } = await questionAt(url);
    const source = atlas === screen.current.atlas ? sourceOf(point) : null;
    if (!source) return null;
    const model = runner.load(source.file);
    if (usesImages) await runner.loadImages(atlas, imagesFile());
    await model;
    return await runner.ask({ do: act, kind, query, atlas, ...source });
  } catch {
    return null;
  }
}

/* ---- Ahead ---------------------------------------------------------------------------------------------- */

let settling = 0;

/* The dots nearest to one of them in the plane of log β. */
function neighbours(point) {
  const { points } = screen;
  const apart = (name) =>
    Math.hypot(...["beta_2", "beta_1"].map((beta) => Math.log(points[name][beta] / points[point][beta])));
  const others = Object.keys(points).filter((name) => name !== point && !points[name].fold);
  return others
    .map((name) => ({ name, distance: apart(name) }))
    .sort((one, other) => one.distance - other.distance)
    .slice(0, NEIGHBOURS)
    .map(({ name }) => name);
}

async function loadNeighbours(point) {
  if (!screen.points[point] || screen.points[point].fold || navigator.connection?.saveData) return;
  try {
    const source = sourceOf(point);
    const own = source && pictures.known(source.file);
    await own; // where this one cannot be used, others cannot be, either
    for (const name of own ? neighbours(point) : []) {
      if (screen.current.point !== point) return;
      await pictures.load(sourceOf(name).file);
    }
  } catch {
    // Whoever selects it learns what is wrong.
  }
}

export function start() {
  document.addEventListener("hvae:drawn", ({ detail }) => {
    if (detail.slot !== "samples") return;
    clearTimeout(settling);
    settling = setTimeout(() => loadNeighbours(screen.current.point), SETTLED_MS);
  });
}
