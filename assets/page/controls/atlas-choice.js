/* The choice of an atlas in the page's head: a card opens its atlas. */
import { screen } from "../core/screen.js";

const STEPS = { ArrowLeft: -1, ArrowUp: -1, ArrowRight: 1, ArrowDown: 1 };

export function start() {
  document.addEventListener("click", (event) => {
    const atlas = event.target.closest("[data-open]")?.dataset.open;
    if (atlas && atlas !== screen.current.atlas) screen.open(atlas);
  });

  /* Arrows go from card to card, and choose none: that would leave the page. */
  document.addEventListener("keydown", (event) => {
    const card = event.target.closest(".atlas-card[role=option]");
    const step = STEPS[event.key];
    if (!card || !step || event.altKey || event.ctrlKey || event.metaKey) return;
    const cards = [...card.parentElement.children];
    const next = cards[(cards.indexOf(card) + step + cards.length) % cards.length];
    for (const one of cards) one.tabIndex = one === next ? 0 : -1;
    next.focus();
    event.preventDefault();
    event.stopPropagation();
  });
}
