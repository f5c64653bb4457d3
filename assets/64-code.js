/* Python that gives the pictures on screen, to the pixel: one block for each model that they are of. */
(function () {
  "use strict";
  const hvae = (window.hvae = window.hvae || {});

  const seedOf = (said) => said.get("seed") || 0;
  /* The images that an address names: test images, or one of the visitor's own. */
  const given = (said) => (said.get("image") ? "own_image" : `images[[${said.get("images") || 0}]]`);

  /* z₁ drawn again and again for each z₂ in `top`, the first of `columns` at its prior mean: as app/pictures/kinds/layers.py. */
  function redrawn(said, m, name, columns) {
    return [
      `e1 = ${m}.noise(56, seed=${seedOf(said)})[0]`,
      "drawn = torch.cat([torch.zeros_like(e1[:8, None]), e1[:8, None], e1[8:].unflatten(0, (8, 6))], dim=1)",
      `below = drawn[: len(top), :${columns}].flatten(0, 1)`,
      `${name} = ${m}.decode_residuals([below, top.repeat_interleave(${columns}, 0)])`,
    ];
  }

  /* Kind of picture → the lines that make it. said: what its address says; m: the model's variable; name: the
   * picture's; point: the model's. A kind that is not here is named by its address. */
  const KINDS = {
    samples: (said, m, name) => {
      const temperature = said.has("temperature") ? `, temperature=${said.get("temperature")}` : "";
      return [`${name} = ${m}.sample(${said.get("n")}, seed=${said.get("seed") || 0}${temperature})`];
    },
    reconstructions: (said, m, name) => [`${name} = ${m}.reconstruct(images[[${said.get("images")}]])`],
    traversal: (said, m, name) => {
      const shifts = [...said].filter(([key]) => /^z[12]\.\d+$/.test(key));
      const lines = [`noise = ${m}.noise(16, seed=${said.get("seed") || 0})`, "noise[0].zero_()"];
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
    resample: (said, m, name) => {
      const isDrawn = !said.get("image") && !said.get("images");
      const top = isDrawn ? `noise(${said.get("rows") || 4}, seed=${seedOf(said)})` : `residuals(${given(said)})`;
      return [`top = ${m}.${top}[-1]`, ...redrawn(said, m, name, 8)];
    },
    layers: (said, m, name) => [
      `residuals = ${m}.residuals(${given(said)})`,
      `reconstruction = ${m}.decode_residuals(residuals)`,
      "top = residuals[-1]",
      ...redrawn(said, m, "again", 1 + Number(said.get("draws") ?? 5)),
      `${name} = torch.cat([${given(said)}, reconstruction, again])`,
    ],
    dimensions: (said, m, name, point) => {
      const rows = Number(said.get("rows") || 6);
      const lines = [
        `e1, z2 = ${m}.noise(1, seed=${seedOf(said)})`,
        "steps = torch.linspace(-3, 3, 8)[:, None]",
      ];
      if (said.get("latent") === "z1") {
        return [
          ...lines,
          `directions = leading_directions(${m}.residuals(images)[0])`,
          `along = [directions.std[k] * directions.vectors[k] for k in range(min(${rows}, len(directions.std)))]`,
          "shifts = torch.cat([steps[..., None, None] * one for one in along])",
          `${name} = ${m}.decode_residuals([shifts, z2.expand(len(shifts), -1)])`,
        ];
      }
      const order = hvae.screen.points[point].dimensions.slice(0, rows).map(({ dimension }) => dimension);
      if (!order.length) return [`# which dimensions carry most rate is not known: no ${name}`];
      return [
        ...lines,
        `shifts = torch.cat([steps * torch.eye(z2.shape[1])[k] for k in [${order.join(", ")}]])`,
        `${name} = ${m}.decode_residuals([torch.zeros_like(e1).expand(len(shifts), -1, -1, -1), z2 + shifts])`,
      ];
    },
    interpolation: (said, m, name) => [
      `weights = torch.linspace(0, 1, ${said.get("steps") || 8})`,
      "between = [",
      "    torch.cat([torch.stack([torch.lerp(a, b, w) for w in weights]) for a, b in zip(part, part[1:])])",
      `    for part in ${m}.residuals(${given(said)})`,
      "]",
      `${name} = ${m}.decode_residuals(between)`,
    ],
    examples: (said, m, name) => [`${name} = ${given(said)}`],
    mix: (said, m, name) => {
      const count = said.get("images").split(",").length;
      return [
        `e1, z2 = ${m}.residuals(images[[${said.get("images")}]])`,
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

  function loading(point) {
    const { beta_2, beta_1 } = hvae.screen.points[point];
    if (point.startsWith("fold_")) return `atlas.load_parent().fold([${beta_1}, ${beta_2}]).eval()`;
    return `atlas.load(beta_2=${beta_2}, beta_1=${beta_1})`;
  }

  /* The code for pictures at these addresses; of `point` where there are none. */
  hvae.code = function (addresses, point) {
    if (!hvae.screen.points[point]) return "# This atlas has no models yet.";
    const blocks = new Map();
    const used = new Set();
    const comments = [];
    for (const address of addresses) {
      const [path, query = ""] = address.split("?");
      const [, , , its, file] = path.split("/").map(decodeURIComponent);
      const kind = (file || "").replace(".png", "");
      if (!hvae.screen.points[its]) continue;
      if (!KINDS[kind]) {
        comments.push(`# app/kinds makes ${address.length > 90 ? `${address.slice(0, 90)}…` : address}`);
        continue;
      }
      if (!blocks.has(its)) blocks.set(its, []);
      blocks.get(its).push([kind, new URLSearchParams(query)]);
    }
    if (!blocks.size) blocks.set(point, []);
    const body = [];
    [...blocks].forEach(([its, pictures], index) => {
      const number = blocks.size > 1 ? `_${index + 1}` : "";
      body.push("", `model${number} = ${loading(its)}`);
      for (const [kind, said] of pictures) {
        let name = kind + number;
        while (used.has(name)) name += "_again";
        used.add(name);
        body.push(...KINDS[kind](said, `model${number}`, name, its));
      }
    });
    const head = [`atlas = ${document.getElementById("export").dataset.opening}`];
    const text = body.join("\n");
    const imports = [];
    const image = [...blocks.values()].flat().map(([, said]) => said.get("image")).find(Boolean);
    if (image) imports.push("import base64", "import io", "");
    if (image) imports.push("import numpy as np");
    if (image || /\b(torch\.|images\b)/.test(text)) imports.push("import torch");
    if (image) imports.push("from PIL import Image", "");
    imports.push("from hvae import Atlas");
    if (text.includes("leading_directions")) imports.push("from hvae.directions import leading_directions");
    if (/\bimages\b/.test(text)) head.push("images = torch.from_numpy(atlas.examples().images).float() / 255");
    if (image) head.push(...reading(image));
    return [...imports, "", ...head, ...body, ...(comments.length ? ["", ...comments] : [])].join("\n");
  };
})();
