/* The dialog about the page: the paper, this project, how to cite both, licences. It is made when it is first opened. */
import { element } from "../../core/dom.js";
import { copy } from "../export/copying.js";
import { explanations } from "./content.js";

function paragraph(text) {
  return element("p", "", text);
}

function outside(text, href) {
  return element("a", "", text, { href, target: "_blank", rel: "noopener noreferrer" });
}

function section(title, ...content) {
  const made = element("section", "about-section");
  made.append(element("h3", "", title), ...content);
  return made;
}

function paperSection({ title, by, venue, links }, idea) {
  const where = element("p");
  where.append(...Object.entries(links).flatMap(([name, address], index) => [index ? " · " : "", outside(name, address)]));
  const cited = element("p", "about-paper");
  cited.append(element("b", "", title), element("br"), `${by}. ${venue}.`);
  return section("The paper", cited, where, paragraph(idea));
}

function addedSection(added) {
  const list = element("ul");
  list.append(...added.map((sentence) => element("li", "", sentence)));
  return section("What this project adds", list);
}

/* An entry of BibTeX with a button that copies it. */
function citation([title, text]) {
  const made = element("section", "about-citation");
  const head = element("div", "export-head");
  const button = element("button", "", "Copy", { type: "button", ariaLabel: `Copy BibTeX: ${title}` });
  button.addEventListener("click", () => copy(text, button));
  head.append(element("h4", "", title), button, element("span", "export-status", "", { role: "status" }));
  // Tab reaches it, so that arrow keys can scroll long lines.
  made.append(head, element("pre", "about-bibtex", text, { tabIndex: 0, ariaLabel: `BibTeX: ${title}`, role: "region" }));
  return made;
}

async function fill() {
  const place = document.getElementById("about-content");
  const { idea, paper, added, citations, licence } = (await explanations()).about;
  if (place.childElementCount) return;
  place.textContent = "";
  const data = document.getElementById("about-page").dataset.licence || "The test images are under their makers’ licence.";
  place.append(
    paperSection(paper, idea),
    addedSection(added),
    section("How to cite both", ...Object.entries(citations).map(citation)),
    section("Licences", paragraph(licence), paragraph(data)),
  );
}

function sayWhyNot(error) {
  document.getElementById("about-content").textContent = error.message;
}

export function start() {
  document.addEventListener(
    "toggle",
    ({ target, newState }) => {
      if (target.id === "about-page" && newState === "open") fill().catch(sayWhyNot);
    },
    { capture: true },
  );
}
