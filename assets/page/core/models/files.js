/* The files that pictures are made from. Addresses contain the file's version, so browsers keep them. */
import { fileAddress } from "../../server/server-addresses.js";
import { betasOfFold, isFold } from "../fold-names.js";
import { screen } from "../screen.js";

const PARENT = "parent.safetensors";
const IMAGES = "examples.bin";

/* {name, url} of a file; null if the atlas does not have it: then the version is empty. */
function versioned(name, version) {
  return version ? { name, url: `${fileAddress(screen.current.atlas, name)}?version=${version}` } : null;
}

function page() {
  return document.querySelector(".page").dataset;
}

/* The betas, by layer and the first one first, at which the parent stands for a point: a fold, or a dot whose own file is
 * not part of this page (app/export). null for others. */
function foldedAt(point, dot) {
  if (dot) return dot.stand_in ? [dot.beta_1, dot.beta_2] : null;
  return isFold(point) ? betasOfFold(point).reverse() : null;
}

/* What the worker needs to make a point's model, {file, betas}: a dot's own file, or the parent's file and the β of the
 * fold. null if the atlas has no such file. */
export function sourceOf(point) {
  const dot = Object.hasOwn(screen.points, point) && !screen.points[point].fold ? screen.points[point] : null;
  const betas = foldedAt(point, dot);
  const file = betas
    ? versioned(PARENT, page().parentVersion)
    : dot && versioned(`${point}.safetensors`, dot.version);
  return file && { file, ...(betas && { betas }) };
}

/* The file of the atlas's test images, uint8; null if it has none. */
export function imagesFile() {
  return versioned(IMAGES, page().imagesVersion);
}
