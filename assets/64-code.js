/* Python that gives the pictures on screen, to the pixel: one block for each model that they are of. */
(function () {
  "use strict";
  const hvae = (window.hvae = window.hvae || {});

  /* Kind of picture → the lines that make it. said: what its address says; m: the model's variable; name: the
   * picture's. Kinds that are not here are put together in app/kinds, and named by their addresses. */
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
    mix: (said, m, name) => {
      const count = said.get("images").split(",").length;
      return [
        `e1, z2 = ${m}.residuals(images[[${said.get("images")}]])`,
        `${name} = ${m}.decode_residuals([e1.repeat(${count}, 1, 1, 1), z2.repeat_interleave(${count}, 0)])`,
      ];
    },
  };

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
        body.push(...KINDS[kind](said, `model${number}`, name));
      }
    });
    const head = [`atlas = ${document.getElementById("export").dataset.opening}`];
    const imports = ["from hvae import Atlas"];
    const text = body.join("\n");
    if (text.includes("leading_directions")) imports.push("from hvae.directions import leading_directions");
    if (text.includes("images")) {
      imports.unshift("import torch");
      head.push("images = torch.from_numpy(atlas.examples().images).float() / 255");
    }
    return [...imports, "", ...head, ...body, ...(comments.length ? ["", ...comments] : [])].join("\n");
  };
})();
