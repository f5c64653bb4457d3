/* The compare view: pinned models side by side, drawn from the same noise and the same test images. */
import { openDialog } from "../controls/dialogs.js";
import { element } from "../core/dom.js";
import { ask, sayWhyMissing } from "../core/pictures.js";
import { showNumbers } from "../core/point-numbers.js";
import { screen } from "../core/screen.js";
import { firstImages, pictureAddress } from "../server/server-addresses.js";
import { SAMPLES } from "../core/shared-constants.js";

const MOST_PAIRS = 16;

let waiting = null; // the point that is pinned once a visitor has said which pin makes way for it

const columns = () => [...document.querySelectorAll(".compare-column")];

/* Goal → its title, the column of its metric, and whether higher is better: of the goals that this atlas was measured for. */
const goals = () => JSON.parse(document.querySelector(".compare").dataset.goals);

/* Pin the point, or unpin it. Before a fourth pin, ask which one makes way. */
export function togglePin(point, since) {
  const { pins } = screen.current;
  if (!screen.points[point]) return;
  if (pins.includes(point)) screen.set({ pins: pins.filter((one) => one !== point) }, since);
  else if (pins.length < columns().length) screen.set({ pins: [...pins, point] }, since);
  else askWhichMakesWay(point);
}

function askWhichMakesWay(point) {
  waiting = point;
  const question = `Which one makes way for ${screen.points[point].title}?`;
  document.getElementById("replace-pin-question").textContent = question;
  for (const choice of document.querySelectorAll("#replace-pin [data-index]")) {
    choice.textContent = screen.points[screen.current.pins[Number(choice.dataset.index)]]?.title;
  }
  openDialog("replace-pin");
}

function replacePin(index, since) {
  document.getElementById("replace-pin").close();
  screen.set({ pins: screen.current.pins.map((pin, place) => (place === index ? waiting : pin)) }, since);
}

/* Whether a value is the better one. */
function isBetter(value, other, { higher_is_better: higher }) {
  return higher ? value > other : value < other;
}

/* Goal → the model that meets it best, as the planes mark it. */
function optima() {
  const dots = Object.entries(screen.points).filter(([, { fold, numbers }]) => {
    return !fold && Number.isFinite(numbers.rate_z2) && Number.isFinite(numbers.rate_z1);
  });
  const found = Object.entries(goals()).map(([goal, its]) => {
    const measured = dots.filter(([, point]) => point.goals?.[goal]);
    const best = measured.reduce((one, other) => {
      return isBetter(other[1].goals[goal][0], one[1].goals[goal][0], its) ? other : one;
    });
    return [goal, best[0]];
  });
  return Object.fromEntries(found);
}

/* What a pinned model is best at in the whole atlas: signs and titles of its goals. */
function showGoals(place, point, best) {
  const its = Object.entries(goals()).filter(([goal]) => best[goal] === point);
  place.hidden = !its.length;
  place.replaceChildren(
    ...its.map(([goal, { title }]) => {
      const mark = element("span", `mark mark-optimum of-${goal}`, "", { ariaHidden: "true" });
      mark.append(element("i"));
      const named = element("span", "compare-goal", title);
      named.append(" ", mark);
      return named;
    }),
  );
}

/* How good a pinned model is by the metric of each goal; the best of those pinned is marked. */
function showScores(column, point) {
  const pinned = screen.current.pins.map((pin) => screen.points[pin]).filter(Boolean);
  for (const row of column.querySelectorAll("[data-goal]")) {
    const { goal } = row.dataset;
    const its = goals()[goal];
    const score = point.goals?.[goal];
    const others = pinned.map((one) => one.goals?.[goal]).filter(Boolean);
    const isBest = score && others.length > 1 && !others.some(([value]) => isBetter(value, score[0], its));
    const text = score?.[1] ?? point.stats[its.column] ?? "–";
    row.querySelector("dd").replaceChildren(isBest ? element("b", "", text) : text);
  }
}

function fill(column, name, best, since) {
  const known = screen.points[name];
  column.querySelector(".empty").hidden = Boolean(known);
  column.querySelector(".compare-model").hidden = !known;
  if (!known) {
    column.dataset.point = "";
    return;
  }
  column.dataset.point = name;
  column.querySelector(".swatch").style.backgroundColor = known.colour;
  column.querySelector(".compare-title").textContent = known.title;
  showGoals(column.querySelector(".compare-goals"), name, best);
  showScores(column, known);
  showNumbers(column, known);
  const { atlas, seed } = screen.current;
  const images = Math.min(MOST_PAIRS, Number(document.getElementById("model-panel").dataset.images));
  const wishes = {
    samples: `n=${SAMPLES}&seed=${seed}`,
    reconstructions: firstImages(images),
  };
  for (const [kind, parameters] of Object.entries(wishes)) {
    const slot = `compare-${column.dataset.index}-${kind}`;
    ask(slot, pictureAddress(atlas, name, kind, parameters), since);
  }
}

function writePins({ pins, point }) {
  const isPinned = pins.includes(point);
  const button = document.getElementById("pin");
  button.setAttribute("aria-pressed", isPinned);
  button.querySelector(".mantine-Button-label").textContent = isPinned ? "Unpin" : "Pin";
  document.getElementById("tab-compare").dataset.count = pins.length || "";
}

function show(current, former, since) {
  writePins(current);
  if (current.view !== "compare") return;
  const isSame = ["view", "pins", "seed", "units"].every((name) => former?.[name] === current[name]);
  if (isSame) return;
  const best = optima();
  for (const column of columns()) fill(column, current.pins[Number(column.dataset.index)], best, since);
  document.querySelector(".pin-optima")?.toggleAttribute("hidden", current.pins.length > 0);
}

function press({ target, timeStamp }) {
  const column = target.closest(".unpin") && target.closest(".compare-column");
  const choice = target.closest("#replace-pin [data-index]");
  if (target.closest("#pin")) togglePin(screen.current.point, timeStamp);
  else if (target.closest(".pin-optima")) screen.set({ pins: [...new Set(Object.values(optima()))] }, timeStamp);
  else if (column) togglePin(column.dataset.point, timeStamp);
  else if (choice) replacePin(Number(choice.dataset.index), timeStamp);
}

export function start() {
  document.addEventListener("click", press);
  screen.subscribe(show);
  const noteOf = (picture) => picture?.closest(".compare-column .strip")?.querySelector(".picture-note");
  sayWhyMissing(
    (slot) => noteOf(document.getElementById(`${slot}-picture`)),
    (note, message) => (note.textContent = message),
  );
}
