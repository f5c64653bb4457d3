/* Export: figures as slides, pictures, metrics, the model, and Python that reloads what is on screen. */
import { element } from "../../core/dom.js";
import { screen } from "../../core/screen.js";
import { fileAddress } from "../../server/server-addresses.js";
import { pythonCode } from "../python-code.js";
import { copy } from "./copying.js";
import { button, link, row } from "./rows.js";
import { slide, slideName, titleOf } from "./slide.js";
import { showThisPage, startThisPage } from "./this-page.js";

const DOTS = 4; // of a PNG for each pixel of a slide, which makes it as wide as the largest projectors

/* The visible figures of the view. */
function figures() {
  return [...document.querySelectorAll(".js-plotly-plot")].filter((plot) => plot.offsetParent && plot.data);
}

function pictures() {
  return [...document.querySelectorAll("canvas.picture[data-state=shown]")]
    .filter((canvas) => canvas.offsetParent && canvas.dataset.pictureUrl)
    .map((canvas) => ({ url: canvas.dataset.pictureUrl, name: canvas.id.replace("-picture", "") }));
}

async function save(plot, format, isDark) {
  const { data, layout, width, height } = slide(plot, isDark);
  const url = await window.Plotly.toImage({ data, layout }, { format, width, height, scale: format === "png" ? DOTS : 1 });
  element("a", "", "", { href: url, download: `${slideName(plot, isDark)}.${format}` }).click();
}

/* A figure's row: both formats, on white and on black. */
function figureRow(plot) {
  const title = titleOf(plot);
  const formats = [false, true].flatMap((isDark) => ["SVG", "PNG"].map((format) => ({ format, isDark })));
  const buttons = formats.map(({ format, isDark }) => {
    const name = isDark ? `${format}, dark` : format;
    return button(name, `${title} as ${name}`, () => save(plot, format.toLowerCase(), isDark));
  });
  return row(`Figure: ${title}`, ...buttons);
}

/* A link to one of the atlas's files. */
function file(text, label, name) {
  const { atlas } = screen.current;
  return link(text, label, fileAddress(atlas, name), `${atlas}-${encodeURIComponent(name)}`);
}

function list() {
  const { atlas, point } = screen.current;
  const rows = figures().map(figureRow);
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
