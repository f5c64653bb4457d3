/* From one of the server's addresses to a question for the worker. */
import { ownPixels } from "./own-pixels.js";

const PICTURE = /^\/pictures\/(?<atlas>[^/]+)\/(?<point>[^/]+)\/(?<kind>[a-z]+)\.png$/;
const NUMBERS = /^\/(?<kind>rates|estimates|map)\/(?<atlas>[^/]+)\/(?<point>[^/]+)\.json$/;
const SHIFT = /^z[12]\.[0-9]+$/;

/* {atlas, point, kind, query, usesImages} of an address. query: as in assets/worker/answers. usesImages: whether the
 * answer needs the atlas's test images. Rejects if the worker cannot answer. */
export async function questionAt(url) {
  const { pathname, searchParams } = new URL(url, "http://here"); // a path in any place, of a file, too
  const parts = (PICTURE.exec(pathname) ?? NUMBERS.exec(pathname)).groups;
  const [atlas, point, kind] = [parts.atlas, parts.point, parts.kind].map(decodeURIComponent);
  const query = await queryOf(searchParams);
  return { atlas, point, kind, query, usesImages: usesImages({ kind, query }) };
}

async function queryOf(parameters) {
  const query = {};
  for (const [name, text] of parameters) {
    if (SHIFT.test(name)) query.shifts = { ...query.shifts, [name]: Number(text) };
    else if (name === "images") query.images = text.split(",").filter(Boolean).map(Number);
    else if (name === "image") query.image = text ? await ownPixels(text) : null;
    else query[name] = name === "latent" ? text : Number(text);
  }
  return query;
}

function usesImages({ kind, query }) {
  if (kind === "map") return true;
  if (query.image || kind === "samples") return false;
  if (kind === "resample") return Boolean(query.images?.length);
  if (kind === "traversal") return Object.keys(query.shifts ?? {}).some((name) => name.startsWith("z1"));
  return true;
}
