/* Python that makes exactly the pictures on screen, in one block for each model. The templates are in app/pictures:
 * python_code.py, and the kinds of pictures. */
import { isFold } from "../core/fold-names.js";
import { screen } from "../core/screen.js";
import { PYTHON } from "../core/shared-constants.js";
import { fill } from "./templates.js";

/* [point, kind, query] of a picture's address. */
function read(address) {
  const [path, parameters = ""] = address.split("?");
  const [, , , point, file = ""] = path.split("/").map(decodeURIComponent);
  return [point, file.replace(".png", ""), new URLSearchParams(parameters)];
}

/* A parameter that shifts a latent: ?z2.3=1.5 */
function shifts(query, latent) {
  const moved = [...query].filter(([key]) => new RegExp(`^${latent}\\.\\d+$`).test(key));
  return moved.map(([key, shift]) => ({ index: key.slice(latent.length + 1), shift }));
}

/* The lines that make a picture. model, name: the variables of the model and of the picture. */
function picture(kind, query, model, name, point) {
  const { python, defaults } = PYTHON.kinds[kind];
  const dimensions = screen.points[point].dimensions.map(({ dimension }) => dimension).join(", ");
  const latents = { z1: shifts(query, "z1"), z2: shifts(query, "z2"), dimensions };
  return fill(python, { ...Object.fromEntries(query), ...latents, model, name }, defaults);
}

/* The lines that load a model. */
function loading(point, model) {
  const { beta_2, beta_1, stand_in } = screen.points[point];
  return fill(PYTHON.model, { model, beta_2, beta_1, fold: isFold(point) || stand_in ? "yes" : "" });
}

/* The words of a text. */
function wordsOf(text) {
  return Object.fromEntries((text.match(/\w+/g) || []).map((word) => [word, word]));
}

/* The code for the pictures at these addresses; if there are none, for the model of `point`. */
export function pythonCode(addresses, point) {
  if (!screen.points[point]) return "# This atlas has no models yet.";
  const blocks = new Map(); // point → [kind, query] of its pictures
  const comments = [];
  for (const address of addresses) {
    const [its, kind, query] = read(address);
    if (!screen.points[its]) continue;
    if (!Object.hasOwn(PYTHON.kinds, kind)) {
      comments.push(`# app/pictures/kinds makes ${address.length > 90 ? `${address.slice(0, 90)}…` : address}\n`);
    } else blocks.set(its, [...(blocks.get(its) || []), [kind, query]]);
  }
  if (!blocks.size) blocks.set(point, []);
  const used = new Set();
  let models = "";
  [...blocks].forEach(([its, pictures], index) => {
    const number = blocks.size > 1 ? `_${index + 1}` : "";
    models += loading(its, `model${number}`);
    for (const [kind, query] of pictures) {
      let name = kind + number;
      while (used.has(name)) name += "_again";
      used.add(name);
      models += picture(kind, query, `model${number}`, name, its);
    }
  });
  const image = [...blocks.values()].flat().map(([, query]) => query.get("image")).find(Boolean);
  const { opening } = document.getElementById("export").dataset;
  const code = fill(PYTHON.opening, { opening, image, images: wordsOf(models).images }) + models;
  const all = fill(PYTHON.imports, wordsOf(code)) + code + (comments.length ? `\n${comments.join("")}` : "");
  return all.trimEnd();
}
