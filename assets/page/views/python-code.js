/* Python that makes the pictures on screen, to the pixel: one block for each of their models. */
import { isFold } from "../core/fold-names.js";
import { screen } from "../core/screen.js";

const seedOf = (query) => query.get("seed") || 0;
/* The images that an address names: test images, or one of the visitor's own. */
const given = (query) => (query.get("image") ? "own_image" : `images[[${query.get("images") || 0}]]`);

/* z₁ drawn again and again for each z₂ in `top`, the first of `columns` at its prior mean: as app/pictures/kinds/layers.py. */
function redrawn(query, m, name, columns) {
  return [
    `e1 = ${m}.noise(56, seed=${seedOf(query)})[0]`,
    "drawn = torch.cat([torch.zeros_like(e1[:8, None]), e1[:8, None], e1[8:].unflatten(0, (8, 6))], dim=1)",
    `below = drawn[: len(top), :${columns}].flatten(0, 1)`,
    `${name} = ${m}.decode_residuals([below, top.repeat_interleave(${columns}, 0)])`,
  ];
}

/* Kind of picture → the lines that make it. query: that of its address; m: the model's variable; name: the
 * picture's; point: the model's. Other kinds are named by their address. */
const KINDS = {
  samples: (query, m, name) => {
    const temperature = query.has("temperature") ? `, temperature=${query.get("temperature")}` : "";
    return [`${name} = ${m}.sample(${query.get("n")}, seed=${query.get("seed") || 0}${temperature})`];
  },
  reconstructions: (query, m, name) => [`${name} = ${m}.reconstruct(images[[${query.get("images")}]])`],
  traversal: (query, m, name) => {
    const shifts = [...query].filter(([key]) => /^z[12]\.\d+$/.test(key));
    const lines = [`noise = ${m}.noise(16, seed=${query.get("seed") || 0})`, "noise[0].zero_()"];
    if (shifts.some(([key]) => key.startsWith("z1"))) {
      lines.push(`directions = leading_directions(${m}.residuals(images)[0])`);
    }
    for (const [key, shift] of shifts) {
      const k = key.slice(3);
      if (key.startsWith("z2")) lines.push(`noise[1][:, ${k}] += ${shift}`);
      else lines.push(`noise[0] += ${shift} * directions.std[${k}] * directions.vectors[${k}]`);
    }
    return [...lines, `${name} = ${m}.decode_residuals(noise)`];
  },
  resample: (query, m, name) => {
    const isDrawn = !query.get("image") && !query.get("images");
    const top = isDrawn ? `noise(${query.get("rows") || 4}, seed=${seedOf(query)})` : `residuals(${given(query)})`;
    return [`top = ${m}.${top}[-1]`, ...redrawn(query, m, name, 8)];
  },
  layers: (query, m, name) => [
    `residuals = ${m}.residuals(${given(query)})`,
    `reconstruction = ${m}.decode_residuals(residuals)`,
    "top = residuals[-1]",
    ...redrawn(query, m, "again", 1 + Number(query.get("draws") ?? 5)),
    `${name} = torch.cat([${given(query)}, reconstruction, again])`,
  ],
  dimensions: (query, m, name, point) => {
    const rows = Number(query.get("rows") || 6);
    const lines = [
      `e1, z2 = ${m}.noise(1, seed=${seedOf(query)})`,
      "steps = torch.linspace(-3, 3, 8)[:, None]",
    ];
    if (query.get("latent") === "z1") {
      return [
        ...lines,
        `directions = leading_directions(${m}.residuals(images)[0])`,
        `along = [directions.std[k] * directions.vectors[k] for k in range(min(${rows}, len(directions.std)))]`,
        "shifts = torch.cat([steps[..., None, None] * one for one in along])",
        `${name} = ${m}.decode_residuals([shifts, z2.expand(len(shifts), -1)])`,
      ];
    }
    const order = screen.points[point].dimensions.slice(0, rows).map(({ dimension }) => dimension);
    if (!order.length) return [`# which dimensions carry most rate is not known: no ${name}`];
    return [
      ...lines,
      `shifts = torch.cat([steps * torch.eye(z2.shape[1])[k] for k in [${order.join(", ")}]])`,
      `${name} = ${m}.decode_residuals([torch.zeros_like(e1).expand(len(shifts), -1, -1, -1), z2 + shifts])`,
    ];
  },
  interpolation: (query, m, name) => [
    `weights = torch.linspace(0, 1, ${query.get("steps") || 8})`,
    "between = [",
    "    torch.cat([torch.stack([torch.lerp(a, b, w) for w in weights]) for a, b in zip(part, part[1:])])",
    `    for part in ${m}.residuals(${given(query)})`,
    "]",
    `${name} = ${m}.decode_residuals(between)`,
  ],
  examples: (query, m, name) => [`${name} = ${given(query)}`],
  mix: (query, m, name) => {
    const count = query.get("images").split(",").length;
    return [
      `e1, z2 = ${m}.residuals(images[[${query.get("images")}]])`,
      `${name} = ${m}.decode_residuals([e1.repeat(${count}, 1, 1, 1), z2.repeat_interleave(${count}, 0)])`,
    ];
  },
};

/* A PNG from an address as a model takes it, what is transparent being black: as app/pictures/kinds/your_image.py. */
function reading(image) {
  const mode = document.getElementById("own-place").dataset.channels === "1" ? "L" : "RGB";
  const padded = image + "=".repeat((4 - (image.length % 4)) % 4);
  return [
    `png = base64.urlsafe_b64decode("${padded}")`,
    'drawn = Image.open(io.BytesIO(png)).convert("RGBA")',
    `flat = Image.alpha_composite(Image.new("RGBA", drawn.size, "black"), drawn).convert("${mode}")`,
    "own_image = torch.tensor(np.atleast_3d(flat)).permute(2, 0, 1)[None].float() / 255",
  ];
}

/* What loads a model. */
function loading(point) {
  const { beta_2, beta_1 } = screen.points[point];
  if (isFold(point)) return `atlas.load_parent().fold([${beta_1}, ${beta_2}]).eval()`;
  return `atlas.load(beta_2=${beta_2}, beta_1=${beta_1})`;
}

/* The code for pictures at these addresses; of `point` where there are none. */
export function pythonCode(addresses, point) {
  if (!screen.points[point]) return "# This atlas has no models yet.";
  const blocks = new Map();
  const used = new Set();
  const comments = [];
  for (const address of addresses) {
    const [path, parameters = ""] = address.split("?");
    const [, , , its, file] = path.split("/").map(decodeURIComponent);
    const kind = (file || "").replace(".png", "");
    if (!screen.points[its]) continue;
    if (!KINDS[kind]) {
      comments.push(`# app/pictures/kinds makes ${address.length > 90 ? `${address.slice(0, 90)}…` : address}`);
      continue;
    }
    if (!blocks.has(its)) blocks.set(its, []);
    blocks.get(its).push([kind, new URLSearchParams(parameters)]);
  }
  if (!blocks.size) blocks.set(point, []);
  const body = [];
  [...blocks].forEach(([its, pictures], index) => {
    const number = blocks.size > 1 ? `_${index + 1}` : "";
    body.push("", `model${number} = ${loading(its)}`);
    for (const [kind, query] of pictures) {
      let name = kind + number;
      while (used.has(name)) name += "_again";
      used.add(name);
      body.push(...KINDS[kind](query, `model${number}`, name, its));
    }
  });
  const head = [`atlas = ${document.getElementById("export").dataset.opening}`];
  const text = body.join("\n");
  const imports = [];
  const image = [...blocks.values()].flat().map(([, query]) => query.get("image")).find(Boolean);
  if (image) imports.push("import base64", "import io", "");
  if (image) imports.push("import numpy as np");
  if (image || /\b(torch\.|images\b)/.test(text)) imports.push("import torch");
  if (image) imports.push("from PIL import Image", "");
  imports.push("from hvae import Atlas");
  if (text.includes("leading_directions")) imports.push("from hvae.directions import leading_directions");
  if (/\bimages\b/.test(text)) head.push("images = torch.from_numpy(atlas.examples().images).float() / 255");
  if (image) head.push(...reading(image));
  return [...imports, "", ...head, ...body, ...(comments.length ? ["", ...comments] : [])].join("\n");
}
