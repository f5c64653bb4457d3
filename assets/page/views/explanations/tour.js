/* The tour of the first view: a light on one part of the page after the other, and a sentence about each.
 *
 * A first visit without a point or a view in its address is invited to it; ?tour=1 starts it.
 */
import { canRemember, remember, remembered } from "../../controls/remembered.js";
import { element } from "../../core/dom.js";
import { screen } from "../../core/screen.js";
import { explanations, whenIdle } from "./content.js";

const [NAME, SEEN] = ["tour", "seen"];
const MARGIN = 6; // of the light around what it falls on
const GAP = 12;

let stops = [];
let at = 0;
let dialog = null;
let parts = {};

function textButton(text, act, className = "text-button") {
  const made = element("button", className, text, { type: "button" });
  made.addEventListener("click", act);
  return made;
}

function make() {
  dialog = element("dialog", "tour", "", { id: "tour" });
  dialog.setAttribute("aria-label", "Tour");
  parts = {
    light: element("div", "tour-light"),
    sentence: element("p", "", "", { ariaLive: "polite" }),
    number: element("span", "tour-number"),
    skip: textButton("Skip", () => dialog.close()),
    back: textButton("Back", () => go(at - 1)),
    next: textButton("Next", () => go(at + 1), "text-button tour-next"),
  };
  const buttons = element("div", "tour-buttons");
  buttons.append(parts.number, parts.skip, parts.back, parts.next);
  parts.card = element("div", "tour-card");
  parts.card.append(parts.sentence, buttons);
  dialog.append(parts.light, parts.card);
  dialog.addEventListener("close", end);
  dialog.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step || event.altKey || event.ctrlKey || event.metaKey) return;
    go(Math.max(0, at + step));
    event.preventDefault();
  });
  document.querySelector(".page").append(dialog);
}

/* Show a stop; after the last one the tour ends. */
function go(number) {
  if (number >= stops.length) return dialog.close();
  at = number;
  parts.sentence.textContent = stops[at].sentence;
  parts.number.textContent = `${at + 1} / ${stops.length}`;
  parts.back.disabled = at === 0;
  parts.next.textContent = at === stops.length - 1 ? "Done" : "Next";
  showAll(document.querySelector(stops[at].place));
  place();
}

/* How far down one can see: on a phone, a bar covers the lower edge. */
function visibleHeight() {
  const bar = document.getElementById("samples-bar");
  return document.documentElement.clientHeight - (bar?.offsetHeight ?? 0);
}

/* Scroll until all of a place is visible, or as much as there is room for. */
function showAll(shown) {
  if (!shown) return;
  const { top, bottom, height } = shown.getBoundingClientRect();
  if (top >= 0 && bottom <= visibleHeight()) return;
  const hasRoom = height + parts.card.offsetHeight < visibleHeight();
  shown.scrollIntoView({ block: hasRoom ? "center" : "start", inline: "nearest" });
}

/* The light falls on what is visible of the stop's place, and the card stands where there is most room. */
function place() {
  if (!dialog?.open) return;
  const { clientWidth: width } = document.documentElement;
  const height = visibleHeight();
  const box = document.querySelector(stops[at].place)?.getBoundingClientRect() ?? new DOMRect(width / 2, height / 2, 0, 0);
  const [left, right] = [Math.max(0, box.left - MARGIN), Math.min(width, box.right + MARGIN)];
  const [top, bottom] = [Math.max(0, box.top - MARGIN), Math.min(height, box.bottom + MARGIN)];
  Object.assign(parts.light.style, {
    left: `${left}px`,
    top: `${top}px`,
    width: `${Math.max(0, right - left)}px`,
    height: `${Math.max(0, bottom - top)}px`,
  });
  const { offsetWidth: cardWidth, offsetHeight: cardHeight } = parts.card;
  const middle = (left + right) / 2 - cardWidth / 2;
  const [below, above] = [height - bottom, top];
  const needed = cardHeight + 2 * GAP;
  let y = height - cardHeight - GAP; // over what it is about, where nothing else is free
  if (below >= needed) y = bottom + GAP;
  else if (above >= needed) y = top - GAP - cardHeight;
  parts.card.style.left = `${Math.round(Math.min(Math.max(GAP, middle), width - cardWidth - GAP))}px`;
  parts.card.style.top = `${Math.round(y)}px`;
}

function withdrawInvitation() {
  const invitation = document.getElementById("tour-invitation");
  if (invitation) invitation.hidden = true;
  remember(NAME, SEEN);
}

function end() {
  withdrawInvitation();
  window.scrollTo(0, 0);
}

async function begin() {
  if (screen.current.lecture || document.querySelector("dialog[open]")) return;
  stops = (await explanations()).tour;
  if (!dialog) make();
  if (screen.current.view !== screen.first.view) screen.set({ view: screen.first.view });
  withdrawInvitation();
  dialog.showModal();
  go(0);
  parts.next.focus();
}

export function start() {
  const asked = new URLSearchParams(location.search);
  const invitation = document.getElementById("tour-invitation");
  const isPlain = [...asked.keys()].every((name) => name === "atlas");
  if (invitation) invitation.hidden = !isPlain || !canRemember() || remembered(NAME) === SEEN;
  if (asked.get("tour") === "1") whenIdle(() => begin().catch(() => {}));

  document.addEventListener("click", ({ target }) => {
    if (target.closest("#open-tour")) begin().catch(() => {});
    else if (target.closest("#dismiss-tour")) withdrawInvitation();
  });
  window.addEventListener("resize", place);
  document.addEventListener("scroll", place, { capture: true, passive: true });
}
