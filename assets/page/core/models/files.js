/* The files that a point's pictures are made from, each at an address that names its content: browsers keep them. */
import { fileAddress } from "../../server/server-addresses.js";
import { betasOfFold, isFold } from "../fold-names.js";
import { screen } from "../screen.js";

const PARENT = "parent.safetensors";
const IMAGES = "examples.bin";

/* {name, url} of a file; null where the atlas has none, and says no version of it. */
function versioned(name, version) {
  return version ? { name, url: `${fileAddress(screen.current.atlas, name)}?version=${version}` } : null;
}

function page() {
  return document.querySelector(".page").dataset;
}

/* What the worker needs to make a point's model, {file, betas}: a dot's own file, or the parent's, and where the
 * parent is folded. null where the atlas has no such file. */
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

/* The atlas's test images, uint8; null where it has none. */
export function imagesFile() {
  return versioned(IMAGES, page().imagesVersion);
}
