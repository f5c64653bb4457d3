/* The card of the dot under the pointer: its numbers and samples. For a finger, which selects what it taps, only dots of
 * another atlas have one; it stays, with a button that opens that atlas. */
import { element } from "../core/dom.js";
import { ask, sayWhyMissing } from "../core/pictures.js";
import { screen } from "../core/screen.js";
import { pictureAddress } from "../server/server-addresses.js";
import { dotsAt, plotOf } from "./plots.js";
import { expectStay, forgetIntent, whenBesideIsTapped } from "./select-dots.js";

const NEAR = 4; // the pointer shows a dot's card up to so many pixels from its edge
const CARD_SAMPLES = 8;

let card = null;
let hovered = null; // {plot, dot} whose card is shown

function makeCard() {
  card = element("div", "dot-card", "", { hidden: true });
  card.append(
    element("b"),
    element("dl"),
    element("canvas", "picture", "", { id: "hover-picture", ariaHidden: "true" }),
    element("p", "picture-note"),
    element("p", "more"),
    element("button", "text-button card-open", "Open this atlas at this model", { type: "button" }),
  );
  card.querySelector(".card-open").addEventListener("click", () => screen.open(hovered.dot.atlas, hovered.dot.point));
  document.body.append(card);
}

function hideCard() {
  hovered = null;
  forgetIntent();
  if (card) card.hidden = true;
  for (const plot of document.querySelectorAll(".over-dot")) plot.classList.remove("over-dot");
}

function showCard(plot, dots, event) {
  const [dot] = dots;
  if (!card) makeCard();
  plot.classList.add("over-dot");
  if (hovered?.dot.point !== dot.point || hovered.dot.atlas !== dot.atlas) {
    fillCard(dot, dots.length, event.timeStamp);
    expectStay(plot, event);
  }
  hovered = { plot, dot };
  card.classList.toggle("is-kept", event.pointerType === "touch");
  card.hidden = false;
  place(plot, dot);
}

function fillCard(dot, count, since) {
  const point = screen.points[dot.point];
  card.querySelector("b").textContent = dot.title ?? point?.title ?? dot.point;
  card.querySelector("dl").replaceChildren(
    ...dot.lines.map(([name, number]) => {
      const row = element("div");
      row.append(element("dt", "", name), element("dd", "", number));
      return row;
    }),
  );
  card.querySelector(".more").textContent = count > 1 ? `${count} models here: click again for the next` : "";
  card.classList.toggle("is-beside", Boolean(dot.atlas));
  if (dot.atlas) {
    card.querySelector(".more").textContent = "Click: open this atlas at this model";
    card.querySelector(".picture-note").textContent = "";
    return; // its pictures would need another atlas's models
  }
  const { atlas, seed } = screen.current;
  const url = pictureAddress(atlas, dot.point, "samples", `n=${CARD_SAMPLES}&seed=${seed}`);
  const canvas = card.querySelector("canvas");
  // Do not show another model's samples or message under this one's name.
  if (canvas.dataset.pictureUrl !== url) {
    canvas.dataset.state = "asked";
    card.querySelector(".picture-note").textContent = "";
  }
  ask("hover", url, since);
}

/* Beside the dot, inside the window, and not over the dot. */
function place(plot, dot) {
  const box = plot.getBoundingClientRect();
  const { offsetWidth: width, offsetHeight: height } = card;
  const gap = dot.radius + 14;
  const [x, y] = [box.left + dot.x, box.top + dot.y];
  const { clientWidth } = document.documentElement;
  const [isRight, isLeft] = [x + gap + width <= clientWidth - 8, x - gap - width >= 8];
  let left = isRight ? x + gap : Math.max(8, x - gap - width);
  let top = Math.min(Math.max(8, y - height / 2), window.innerHeight - height - 8);
  if (!isRight && !isLeft) {
    left = Math.min(Math.max(8, x - width / 2), clientWidth - width - 8);
    top = y + gap + height <= window.innerHeight - 8 ? y + gap : Math.max(8, y - gap - height);
  }
  card.style.transform = `translate(${Math.round(left)}px, ${Math.round(top)}px)`;
}

export function start() {
  sayWhyMissing(
    (slot) => slot === "hover" && card,
    (_, message) => {
      card.querySelector(".picture-note").textContent = message;
      if (hovered) place(hovered.plot, hovered.dot);
    },
  );

  document.addEventListener("pointermove", (event) => {
    if (event.pointerType === "touch") return;
    const plot = event.buttons ? null : plotOf(event.target);
    const dots = plot ? dotsAt(plot, event.clientX, event.clientY, NEAR) : [];
    if (dots.length) showCard(plot, dots, event);
    else if (hovered !== null) hideCard();
  });
  whenBesideIsTapped((plot, dot, event) => showCard(plot, [dot], event));
  // A finger that is lifted leaves the page.
  document.addEventListener("pointerleave", ({ pointerType }) => pointerType !== "touch" && hideCard());
  document.addEventListener("pointerdown", ({ target }) => {
    if (card?.matches(".is-kept") && !card.contains(target)) hideCard();
  });
  document.addEventListener("scroll", () => hovered !== null && hideCard(), { capture: true, passive: true });
  document.addEventListener("keydown", () => hovered !== null && hideCard());
}
