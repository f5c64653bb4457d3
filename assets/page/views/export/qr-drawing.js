/* A QR code as a drawing that stays sharp at any size. */
import { svg } from "../../core/dom.js";
import { qrCode } from "../../core/qr-code/qr-code.js";

const MARGIN = 4; // modules of light around a code

/* The dark modules of a row, as parts of a path: each run is a rectangle. */
function runs(row, y) {
  const text = row.map(Number).join("");
  return [...text.matchAll(/1+/g)].map(({ 0: run, index }) => `M${index} ${y}h${run.length}v1h-${run.length}z`);
}

/* The drawing of a text; null if it is too long. */
export function qrDrawing(text) {
  const code = qrCode(text);
  if (!code) return null;
  const side = code.length + 2 * MARGIN;
  const place = { x: -MARGIN, y: -MARGIN, width: side, height: side };
  return svg("svg", { viewBox: `${-MARGIN} ${-MARGIN} ${side} ${side}`, "shape-rendering": "crispEdges" }, [
    svg("rect", { ...place, fill: "#ffffff" }),
    svg("path", { d: code.flatMap(runs).join(""), fill: "#000000" }),
  ]);
}
