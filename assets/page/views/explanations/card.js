/* The card that explains something on the page: beside it, inside the window. Escape or a click elsewhere closes it. */
import { element } from "../../core/dom.js";
import { mathElement } from "./mathml.js";

const GAP = 8;
let card = null;
let anchor = null; // what is explained
let isKept = false; // until a visitor closes it, not only while the pointer is there

/* Whether the card explains this at present, whether it stays, and whether this is on it. */
export const isExplaining = (what) => anchor !== null && anchor === what;
export const isCardKept = () => isKept;
export const isOnCard = (target) => card !== null && card.contains(target);

function part({ title, sentences, equations = [] }) {
  const made = element("section");
  made.append(element("b", "", title), ...equations.map(mathElement), element("p", "", sentences));
  return made;
}

/* Below what is explained, or above it where there is no room. */
function place() {
  const box = anchor.getBoundingClientRect();
  const { clientWidth: width, clientHeight: height } = document.documentElement;
  if (!anchor.isConnected || box.bottom < 0 || box.top > height || !box.width) return hideExplanation();
  const left = Math.min(Math.max(GAP, box.left + box.width / 2 - card.offsetWidth / 2), width - card.offsetWidth - GAP);
  const isBelow = box.bottom + GAP + card.offsetHeight <= height - GAP || box.top < height / 2;
  const top = isBelow ? box.bottom + GAP : box.top - GAP - card.offsetHeight;
  card.style.transform = `translate(${Math.round(left)}px, ${Math.round(Math.max(GAP, top))}px)`;
}

/* Explain `what`, an element, by records. keeps: see `isKept`. */
export function explain(what, records, keeps) {
  card ??= element("div", "explanation", "", { id: "explanation" });
  card.setAttribute("role", "status");
  if (anchor !== what) hideExplanation();
  anchor = what;
  isKept = keeps;
  // An open dialog lies over all that is not in it.
  (what.closest("dialog") ?? document.body).append(card);
  card.replaceChildren(...records.map(part));
  card.hidden = false;
  if (what.hasAttribute("aria-expanded")) what.setAttribute("aria-expanded", "true");
  place();
}

export function hideExplanation() {
  if (!anchor) return;
  if (anchor.hasAttribute("aria-expanded")) anchor.setAttribute("aria-expanded", "false");
  anchor = null;
  isKept = false;
  card.hidden = true;
}

export function start() {
  document.addEventListener("scroll", () => anchor && place(), { capture: true, passive: true });
  window.addEventListener("resize", () => anchor && place());
  document.addEventListener("pointerdown", ({ target }) => {
    if (anchor && !isOnCard(target) && !anchor.contains(target)) hideExplanation();
  });
  document.addEventListener(
    "keydown",
    (event) => {
      if (event.key !== "Escape" || !anchor) return;
      hideExplanation();
      // Neither does it close the dialog below, nor leave the lecture.
      event.preventDefault();
      event.stopPropagation();
    },
    { capture: true },
  );
}
