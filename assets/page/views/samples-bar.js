/* The bar at a phone's lower edge: which model is selected, and the first row of its samples as the strip shows them.
 * It asks for nothing itself.
 */
import { screen } from "../core/screen.js";
import { SAMPLES, SHEET } from "../core/shared-constants.js";

const bar = () => document.getElementById("samples-bar");

function writeTitle() {
  const point = screen.points[screen.current.point];
  bar().querySelector(".samples-bar-title").textContent = point ? point.title : "";
  bar().querySelector(".swatch").style.backgroundColor = point ? point.colour : "transparent";
}

function copyRow() {
  const sheet = document.getElementById("samples-picture");
  const row = document.getElementById("samples-bar-row");
  const rows = SAMPLES / SHEET.columns;
  row.width = sheet.width;
  row.height = (sheet.height - SHEET.gap * (rows - 1)) / rows;
  row.getContext("2d").drawImage(sheet, 0, 0);
  row.dataset.pictureUrl = sheet.dataset.pictureUrl;
}

export function start() {
  screen.subscribe((current, former) => {
    if (former?.point !== current.point) writeTitle();
  });
  document.addEventListener("hvae:known", writeTitle);
  document.addEventListener("hvae:drawn", ({ detail }) => detail.slot === "samples" && copyRow());
}
