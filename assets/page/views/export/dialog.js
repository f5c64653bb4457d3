/* Export: figures as SVG and PNG, pictures, metrics, the model, and Python that reloads what is on screen. */
import { element } from "../../core/dom.js";
import { screen } from "../../core/screen.js";
import { fileAddress } from "../../server/server-addresses.js";
import { pythonCode } from "../python-code.js";
import { copy } from "./copying.js";
import { button, link, row } from "./rows.js";
import { showThisPage, startThisPage } from "./this-page.js";

// A figure for print: as wide as a column of text, its type to scale, 300 dots per inch as PNG.
const PRINT = { width: 624, height: 468, scale: 4 };

/* The visible figures of the view, with their names. */
function figures() {
  return [...document.querySelectorAll(".js-plotly-plot")]
    .filter((plot) => plot.offsetParent && plot.data)
    .map((plot) => ({ plot, name: plot.closest("[data-figure]")?.dataset.figure || plot.parentElement.id || "figure" }));
}

function pictures() {
  return [...document.querySelectorAll("canvas.picture[data-state=shown]")]
    .filter((canvas) => canvas.offsetParent && canvas.dataset.pictureUrl)
    .map((canvas) => ({ url: canvas.dataset.pictureUrl, name: canvas.id.replace("-picture", "") }));
}

/* A figure for print: dark on white, whatever the page's colours. */
async function save(plot, name, format) {
  const { data, layout } = plot;
  const print = {
    ...layout,
    font: { ...layout.font, family: "Helvetica, Arial, sans-serif", color: "#16181d" },
    paper_bgcolor: "#ffffff",
    plot_bgcolor: "#ffffff",
    autosize: false,
  };
  const size = { width: PRINT.width, height: PRINT.height, scale: format === "png" ? PRINT.scale : 1 };
  const url = await window.Plotly.toImage({ data, layout: print }, { format, ...size });
  element("a", "", "", { href: url, download: `${name}.${format}` }).click();
}

/* A link to one of the atlas's files. */
function file(text, label, name) {
  const { atlas } = screen.current;
  return link(text, label, fileAddress(atlas, name), `${atlas}-${encodeURIComponent(name)}`);
}

function list() {
  const { atlas, point } = screen.current;
  const rows = figures().map(({ plot, name }) =>
    row(
      `Figure: ${name}`,
      ...["svg", "png"].map((format) =>
        button(format.toUpperCase(), `${name} as ${format.toUpperCase()}`, () => save(plot, `${atlas}-${name}`, format)),
      ),
    ),
  );
  for (const { url, name } of pictures()) {
    rows.push(row(`Pictures: ${name}`, link("PNG", `${name} as PNG`, url, `${atlas}-${point}-${name}.png`)));
  }
  rows.push(row("Metrics of all models", file("CSV", "Metrics as CSV", "metrics.csv")));
  // Only a file that is there has a version.
  if (screen.points[point]?.version) {
    rows.push(row("The selected model", file("safetensors", "Model as safetensors", `${point}.safetensors`)));
  }
  return rows;
}

export function start() {
  document.addEventListener(
    "toggle",
    (event) => {
      if (event.target.id !== "export" || event.newState !== "open") return;
      document.getElementById("export-list").replaceChildren(...list());
      const addresses = pictures().map(({ url }) => url);
      document.getElementById("export-code").textContent = pythonCode(addresses, screen.current.point);
      showThisPage();
      for (const status of document.querySelectorAll("#export [role=status]")) status.textContent = "";
    },
    { capture: true },
  );

  document.addEventListener("click", ({ target }) => {
    const button = target.closest("#copy-code");
    if (button) copy(document.getElementById("export-code").textContent, button);
  });
  startThisPage();
}
