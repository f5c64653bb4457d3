/* The models in the page: the same pictures and numbers as the server's at the same addresses.
 *
 * If an answer is not possible here (no worker, an unknown architecture, a damaged file), it is null. The caller then
 * asks the server, which also says what is wrong. Numbers have their own worker, so that a dragged slider never waits
 * for them.
 */
import { screen } from "../screen.js";
import { imagesFile, sourceOf } from "./files.js";
import { pictures } from "./first-pictures.js";
import { questionAt } from "./queries.js";
import { Runner } from "./runner.js";
import { WorkerEnded } from "./thread.js";

const NEIGHBOURS = 4;
const SETTLED_MS = 300; // after the samples of a dot, before its neighbours' files are fetched

const numbers = new Runner(30000);

/* The picture at an address, {width, height, data} in RGBA; null if it cannot be made here. */
export function pictureHere(url) {
  return answerHere(pictures, "picture", url);
}

/* The numbers at an address, as in its JSON, without texts; null if they cannot be computed here. */
export function numbersHere(url) {
  return answerHere(numbers, "numbers", url);
}

async function answerHere(runner, act, url) {
  try {
    return await answer(runner, act, url).catch((error) => {
      // Another worker takes its place: there may be no server to ask.
      if (error instanceof WorkerEnded) return answer(runner, act, url);
      throw error;
    });
  } catch {
    return null;
  }
}

async function answer(runner, act, url) {
  const { atlas, point, kind, query, usesImages } = await questionAt(url);
  const source = atlas === screen.current.atlas ? sourceOf(point) : null;
  if (!source) return null;
  const model = runner.load(source.file);
  if (usesImages) await runner.loadImages(atlas, imagesFile());
  await model;
  return runner.ask({ do: act, kind, query, atlas, ...source });
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
    await own; // if this file cannot be used, others cannot either
    for (const name of own ? neighbours(point) : []) {
      if (screen.current.point !== point) return;
      await pictures.load(sourceOf(name).file);
    }
  } catch {
    // The visitor learns what is wrong when it is selected.
  }
}

export function start() {
  document.addEventListener("hvae:drawn", ({ detail }) => {
    if (detail.slot !== "samples") return;
    clearTimeout(settling);
    settling = setTimeout(() => loadNeighbours(screen.current.point), SETTLED_MS);
  });
}
