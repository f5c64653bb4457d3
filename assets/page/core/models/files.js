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

/* What the worker needs to make a point's model, {file, betas}: a dot's own file, or the parent's file and the β of the
 * fold. null if the atlas has no such file. */
export function sourceOf(point) {
  const known = Object.hasOwn(screen.points, point) && !screen.points[point].fold ? screen.points[point] : null;
  if (known) {
    const file = versioned(`${point}.safetensors`, known.version);
    return file && { file };
  }
  const file = isFold(point) ? versioned(PARENT, page().parentVersion) : null;
  // By layer, the first one first.
  return file && { file, betas: betasOfFold(point).reverse() };
}

/* The file of the atlas's test images, uint8; null if it has none. */
export function imagesFile() {
  return versioned(IMAGES, page().imagesVersion);
}
