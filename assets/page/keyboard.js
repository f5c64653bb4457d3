/* The keyboard: each key does the same as a control of the page. */
import { isDialogOpen, openDialog } from "./controls/dialogs.js";
import { mayAct } from "./controls/shortcuts.js";
import { screen } from "./core/screen.js";
import { togglePin } from "./views/compare.js";
import { goToStep, toggleLecture } from "./views/lecture.js";
import { drawAgain } from "./views/model-strip.js";

const STEPS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowDown: [0, -1], ArrowUp: [0, 1] };

/* The next point of the grid in a direction: `across` changes β₂, `up` changes β₁; null at the edge. */
function neighbour(point, across, up) {
  const here = screen.points[point];
  if (!here) return null;
  const moving = across ? "beta_2" : "beta_1";
  const resting = across ? "beta_1" : "beta_2";
  const sign = across || up;
  let best = null;
  let least = [Infinity, Infinity];
  for (const [name, there] of Object.entries(screen.points)) {
    const ahead = sign * Math.log(there[moving] / here[moving]);
    if (ahead < 1e-6 || there.fold) continue;
    // Along the row or column first, then the nearest: a grid may lack points.
    const distance = [Math.abs(Math.log(there[resting] / here[resting])), ahead];
    if (distance[0] < least[0] - 1e-6 || (distance[0] < least[0] + 1e-6 && distance[1] < least[1])) {
      [best, least] = [name, distance];
    }
  }
  return best;
}

function showView(index) {
  const tab = document.querySelectorAll(".view-tab")[index];
  if (tab) screen.set({ view: tab.dataset.view });
}

/* Do what a key stands for. Returns whether the key is known. In a lecture, arrows without Shift, digits and p are about
 * its steps: views/lecture.js. */
function press({ key, shiftKey }, since) {
  const { point, lecture } = screen.current;
  if (STEPS[key]) {
    if (lecture && !shiftKey) return false;
    const next = neighbour(point, ...STEPS[key]);
    if (next) screen.set({ point: next }, since);
  } else if (key >= "1" && key <= "9") {
    if (lecture) goToStep(Number(key), since);
    else showView(Number(key) - 1);
  } else if (key === "s") drawAgain(since);
  else if (key === "p" && !lecture) togglePin(point, since);
  else if (key === "l") toggleLecture(since);
  else if (key === "e") openDialog("export");
  else if (key === "?") openDialog("keys");
  else return false;
  return true;
}

/* Whether the focused element needs the key itself. */
function isTyping(target, key) {
  // A slider or a row of radio buttons needs the keys that move it, but no letters and digits.
  if (target.matches("input[type=radio], input[type=range]")) return !/^[a-z1-9?]$/.test(key);
  return target.closest("input, textarea, select, [contenteditable], [role=combobox], [role=listbox], [role=option]");
}

export function start() {
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.altKey || event.ctrlKey || event.metaKey) return;
    if (isTyping(event.target, event.key) || isDialogOpen() || !mayAct(event.key)) return;
    if (event.target.closest("[data-keys=own]")) return;
    if (press(event, event.timeStamp)) event.preventDefault();
  });
}
