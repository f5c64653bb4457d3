/* A line in the page's head about a link that asks for something unknown, until another view is shown. */
import { screen } from "../core/screen.js";

const MOST = 3; // named one by one
const LONGEST = 40; // characters of what a link names

/* The page's name for a field's value. */
function titleOfValue(field, value) {
  const titles = [value ?? ""].flat().map((one) => {
    if (field.kind.startsWith("point")) return screen.points[one]?.title;
    return field.choices ? field.choices[one] : String(one);
  });
  return titles.filter(Boolean).join(", ") || "none";
}

/* One sentence about everything unknown, with what is shown instead; empty if all is known. */
function words() {
  const { atlas } = document.getElementById("about").dataset;
  const fields = { atlas: { title: "atlas", kind: "text" }, ...screen.fields };
  const shown = { ...screen.current, atlas };
  const parts = Object.entries(screen.refused).map(([name, text]) => {
    const short = text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
    return `${fields[name].title} “${short}” (instead: ${titleOfValue(fields[name], shown[name])})`;
  });
  if (!parts.length) return "";
  const more = parts.length - MOST;
  const named = [...parts.slice(0, MOST), ...(more > 0 ? [`and ${more} more`] : [])];
  return `This link asks for something unknown: ${named.join("; ")}.`;
}

export function start() {
  const place = document.getElementById("link-message");
  place.textContent = words();
  screen.subscribe((current, former) => {
    if (former && former.view !== current.view) place.textContent = "";
  });
}
