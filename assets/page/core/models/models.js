/* The models, run in the page: the pictures that the server would make at the same addresses.
 *
 * What cannot be had here (no worker, an unknown architecture, a damaged file) is null, and whoever asked asks the server,
 * which also says what is wrong.
 */
import { screen } from "../screen.js";
import { imagesFile, sourceOf } from "./files.js";
import { questionAt } from "./queries.js";
import { Thread } from "./thread.js";

const PATIENCE_MS = 10000;
const LEFT_MS = 60000; // how long a file that could not be used is left to the server
const NEIGHBOURS = 4;
const SETTLED_MS = 300; // after the samples of a dot, before its neighbours' files are fetched

const thread = new Thread(PATIENCE_MS);

/* Begin to load what runs the models. */
export function startModels() {
  thread.start();
}

/* The picture at an address, {width, height, data} in RGBA; null where it cannot be made here. */
export async function pictureHere(url) {
  try {
    const { atlas, point, kind, query, usesImages } = await questionAt(url);
    const source = atlas === screen.current.atlas ? sourceOf(point) : null;
    if (!source) return null;
    const model = loaded(source.file);
    if (usesImages) await imagesFor(atlas);
    await model;
    return await thread.ask({ do: "picture", kind, query, atlas, ...source });
  } catch {
    return null;
  }
}

/* ---- Files ---------------------------------------------------------------------------------------------- */

const done = new Map(); // a file's address → a promise of the moment when the worker knows the file

/* Have the worker know a file, once; what fails is tried again after a while. */
function once(url, act) {
  if (!done.has(url)) {
    const promise = act();
    done.set(url, promise);
    promise.catch(() => setTimeout(() => done.delete(url), LEFT_MS));
  }
  return done.get(url);
}

/* A model's file. It is fetched here: the worker makes other pictures meanwhile. */
function loaded({ name, url }) {
  return once(url, async () => {
    const bytes = await fetched(url);
    await thread.ask({ do: "load", file: { name, url, bytes } }, [bytes]);
  });
}

function imagesFor(atlas) {
  const { url } = imagesFile();
  return once(url, async () => {
    const images = new Uint8Array(await fetched(url));
    await thread.ask({ do: "images", atlas, images }, [images.buffer]);
  });
}

async function fetched(url) {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url} answers ${response.status}`);
  return response.arrayBuffer();
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
    const own = done.get(sourceOf(point)?.file.url);
    await own; // where this one cannot be used, others cannot be, either
    for (const name of own ? neighbours(point) : []) {
      if (screen.current.point !== point) return;
      await loaded(sourceOf(name).file);
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
