/* Words and symbols that explain themselves: on hover, on focus and on a tap.
 *
 * A text that is all that its element holds may be split into parts: React replaces it as a whole. In a figure and on a
 * control nothing is split: there, the pointer over a text explains all that is in it.
 */
import { element } from "../../core/dom.js";
import { screen } from "../../core/screen.js";
import { explain, hideExplanation, isCardKept, isExplaining, isOnCard } from "./card.js";
import { explanations, whenIdle } from "./content.js";
import { letTabReachWords, partOf } from "./term-stops.js";

const REST_MS = 250; // of the pointer on a word
const LEAVE_MS = 200; // to reach the card
const PLACES = "main, .page-head, #about-content";
const WHOLE = ".linked-figure text, .parent-rates text, .flow text, .mantine-SegmentedControl-label"; // not to be split
const LEFT_OUT = [
  "button, a, label, input, select, output, textarea, pre, code, kbd, summary, svg, canvas, math, dd, h1",
  ".term, .explanation, .model-title, .compare-title, .sliders, .walk-sliders, .optima, .mark, .verdict",
  ".lecture, .samples-bar, .mantine-SegmentedControl-root, [role=radiogroup] i, [aria-hidden=true]",
].join(", ");

let pattern = null; // finds words
const recordOf = new Map(); // word in small letters → {name, record}
let timer = 0;

function learn({ records }) {
  for (const [name, record] of Object.entries(records)) {
    for (const word of record.words) recordOf.set(word.toLowerCase(), { name, record });
  }
  const longestFirst = [...recordOf.keys()].sort((one, other) => other.length - one.length);
  const escaped = longestFirst.map((word) => word.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&"));
  pattern = new RegExp(`(?<![\\p{L}\\p{N}])(?:${escaped.join("|")})(?![\\p{L}\\p{N}])`, "giu");
}

/* The records of the words in a text, each once. */
function recordsIn(text) {
  const found = [...text.matchAll(pattern)].map(([word]) => recordOf.get(word.toLowerCase()).record);
  return [...new Set(found)];
}

/* A word that explains itself. The first of its name in a part of the page can be reached by keys: term-stops.js. */
function term(word, place) {
  const { name } = recordOf.get(word.toLowerCase());
  const made = element("span", "term", word);
  made.dataset.term = name;
  if (!partOf(place)?.querySelector(`[data-term="${name}"][tabindex]`)) {
    Object.assign(made, { tabIndex: -1, role: "button", ariaExpanded: "false" });
  }
  return made;
}

/* Split the text of an element, its only child: each word that is explained, once, becomes an element. */
function split(place) {
  const text = place.firstChild;
  if (place.childNodes.length !== 1 || text.nodeType !== Node.TEXT_NODE || place.closest(LEFT_OUT)) return;
  const seen = new Set();
  let done = 0;
  const parts = [];
  for (const { 0: word, index } of text.data.matchAll(pattern)) {
    const { name } = recordOf.get(word.toLowerCase());
    if (seen.has(name)) continue;
    seen.add(name);
    parts.push(text.data.slice(done, index), { word });
    done = index + word.length;
  }
  if (!seen.size) return;
  parts.push(text.data.slice(done));
  place.replaceChildren();
  for (const part of parts) place.append(part.word ? term(part.word, place) : part);
}

function splitAll(within) {
  const texts = document.createTreeWalker(within, NodeFilter.SHOW_TEXT);
  const places = new Set();
  while (texts.nextNode()) {
    if (texts.currentNode.data.search(pattern) >= 0) places.add(texts.currentNode.parentElement);
  }
  for (const place of places) split(place);
  letTabReachWords();
}

/* Split what is written later, too. */
function watch() {
  const changed = new Set();
  const observer = new MutationObserver((mutations) => {
    const isFirst = !changed.size;
    for (const { target } of mutations) {
      const place = target.nodeType === Node.TEXT_NODE ? target.parentElement : target;
      if (place && !place.closest(LEFT_OUT)) changed.add(place);
    }
    if (isFirst && changed.size) whenIdle(splitChanged);
  });
  const splitChanged = () => {
    const places = [...changed].filter((place) => place.isConnected);
    changed.clear();
    places.forEach(splitAll);
    observer.takeRecords();
  };
  for (const place of document.querySelectorAll(PLACES)) {
    splitAll(place);
    observer.observe(place, { childList: true, characterData: true, subtree: true });
  }
}

/* What explains itself at an element of the page, and its records; null if nothing does. */
function explainedAt(target) {
  const word = target.closest?.(".term");
  if (word) return { place: word, records: recordsIn(word.textContent) };
  const whole = target.closest?.(WHOLE);
  const records = whole && pattern ? recordsIn(whole.textContent) : [];
  return records.length ? { place: whole, records } : null;
}

function later(act, ms) {
  clearTimeout(timer);
  timer = setTimeout(act, ms);
}

function followPointer() {
  let pressed = null; // a control: who uses it does not ask what it is called
  document.addEventListener("pointerdown", ({ target }) => {
    pressed = target.closest(WHOLE);
    if (!pressed) return;
    clearTimeout(timer);
    if (!isCardKept()) hideExplanation();
  });
  document.addEventListener("pointerover", ({ target, pointerType, buttons }) => {
    if (pointerType !== "mouse" || isCardKept()) return;
    const found = buttons ? null : explainedAt(target);
    if (found && found.place === pressed) return;
    pressed = null;
    if (found && isExplaining(found.place)) clearTimeout(timer);
    else if (found) later(() => explain(found.place, found.records, false), REST_MS);
    else if (isOnCard(target)) clearTimeout(timer);
    else later(() => isCardKept() || hideExplanation(), LEAVE_MS);
  });
  document.addEventListener("pointerleave", () => later(() => isCardKept() || hideExplanation(), LEAVE_MS));
}

/* A click or a tap keeps the card; another one closes it. */
function toggle(target) {
  const found = explainedAt(target);
  if (!found || found.place.closest("label, button, .mantine-SegmentedControl-root")) return false;
  clearTimeout(timer);
  if (isExplaining(found.place) && isCardKept()) hideExplanation();
  else explain(found.place, found.records, true);
  return true;
}

export function start() {
  whenIdle(() =>
    explanations().then((all) => {
      learn(all);
      watch();
      followPointer();
    }, () => {}),
  );
  document.addEventListener("click", ({ target }) => pattern && toggle(target));
  document.addEventListener("focusin", ({ target }) => {
    const isByKey = target.matches(".term:focus-visible");
    if (!isByKey || isExplaining(target)) return;
    clearTimeout(timer); // of where the pointer has left
    explain(target, recordsIn(target.textContent), false);
  });
  document.addEventListener("focusout", ({ target }) => {
    if (target.matches(".term") && isExplaining(target)) hideExplanation();
  });
  document.addEventListener("keydown", (event) => {
    if (!event.target.matches(".term") || !["Enter", " "].includes(event.key)) return;
    toggle(event.target);
    event.preventDefault();
  });
  screen.subscribe((current, former) => former && current.view !== former.view && hideExplanation());
}
