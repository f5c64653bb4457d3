/* Words that explain themselves take one stop of Tab in each part of the page; there, arrows, Home and End go from word
 * to word, as in toolbars. In a lecture, where arrows take its steps, each word is a stop.
 */
import { walk } from "../../controls/toolbars.js";
import { screen } from "../../core/screen.js";

const WORD = ".term[tabindex]";
const PARTS = ".view, .legend, .model-panel, .page-head, dialog";

/* The part of the page that an element is in; each word can be reached once in it. */
export const partOf = (place) => place.closest(PARTS);

const isSeen = (word) => word.checkVisibility({ visibilityProperty: true });
const wordsIn = (part) => [...part.querySelectorAll(WORD)].filter((word) => partOf(word) === part && isSeen(word));

/* Let Tab reach one of the words that can be seen in each part: `chosen`, the one that it has reached before, or the
 * first. */
export function letTabReachWords(chosen = null) {
  for (const part of document.querySelectorAll(PARTS)) {
    const words = wordsIn(part);
    const one = words.find((word) => word === chosen) ?? words.find(({ tabIndex }) => tabIndex === 0) ?? words[0];
    for (const word of words) word.tabIndex = word === one || screen.current.lecture ? 0 : -1;
  }
}

export function start() {
  document.addEventListener("focusin", ({ target }) => target.matches(WORD) && letTabReachWords(target));
  // Before the keyboard and lectures, where arrows have other meanings.
  const early = { capture: true };
  document.addEventListener(
    "keydown",
    (event) => {
      if (event.key === "Tab") letTabReachWords(); // which can be seen may have changed
      // After a press on a word, arrows still walk the grid.
      else if (!screen.current.lecture && event.target.matches?.(`${WORD}:focus-visible`)) {
        walk(event, wordsIn(partOf(event.target)));
      }
    },
    early,
  );
}
