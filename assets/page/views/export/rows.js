/* Rows of the export dialog: what can be had, and the buttons that give it. */
import { element } from "../../core/dom.js";
import { copy } from "./copying.js";

export function row(text, ...actions) {
  const item = element("li");
  item.append(element("span", "", text), ...actions);
  return item;
}

export function button(text, label, act) {
  const made = element("button", "", text, { type: "button" });
  made.setAttribute("aria-label", label);
  made.addEventListener("click", act);
  return made;
}

export function link(text, label, url, name) {
  const made = element("a", "text-button", text, { href: url, download: name });
  made.setAttribute("aria-label", label);
  return made;
}

/* A row with a text to copy, and a sentence about it. */
export function copyRow(title, text, about = "") {
  const copying = button("Copy", `Copy: ${title}`, () => copy(text, copying));
  const item = row(title, copying);
  item.append(element("code", "export-line", text));
  if (about) item.append(element("p", "export-about", about));
  return item;
}
