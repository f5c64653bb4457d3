/* Lecture mode: a sequence of steps in large type, each of which sets the whole screen.
 *
 * What a step does not name is as a visitor first sees it, so its sentence is true of what is shown, whatever was there
 * before. assets/lecture.css shows one figure and one picture of a view: data-lecture-figure, -picture and -view of the
 * root element say which.
 */
import { isDialogOpen } from "../controls/dialogs.js";
import { mayAct } from "../controls/shortcuts.js";
import { screen } from "../core/screen.js";

const BUTTONS = { "lecture-back": -1, "lecture-next": 1 };
const KEYS = { ArrowRight: 1, " ": 1, PageDown: 1, ArrowLeft: -1, PageUp: -1 };
/* What a presenter may change within a step: its sentence names the model that it speaks of. */
const PLAYED_WITH = ["point", "seed", "shifts", "temperature"];

let steps = []; // {title, sentence, screen, figure, picture}
let hasBegun = false;
let namedAtFirst = []; // the fields in the address that opened the page
let before = null; // the state in which the lecture was entered, with the page's scroll position
let last = 1; // the step that was shown last

function go(number, since, kept = {}) {
  const step = steps[number - 1];
  if (!step) return;
  const { atlas } = screen.current;
  screen.set({ ...screen.first, ...step.screen, ...kept, atlas, lecture: number }, since);
}

function leave(since) {
  const { state, scrolled } = before || { state: {}, scrolled: 0 };
  screen.set({ ...state, atlas: screen.current.atlas, lecture: 0 }, since);
  window.scrollTo(0, scrolled);
}

/* Enter lecture mode at the step that was shown last, or leave it for what was on screen before. */
export function toggleLecture(since) {
  if (screen.current.lecture) leave(since);
  else go(Math.min(last, steps.length), since);
}

/* Show a step of the lecture; nothing without a lecture. */
export function goToStep(number, since) {
  if (screen.current.lecture) go(number, since);
}

/* Hide the sentence, or show it again: some lecturers say it themselves. */
function toggleSentence() {
  document.documentElement.toggleAttribute("data-lecture-silent");
}

function remember(current, former) {
  if (current.lecture) last = current.lecture;
  if (!former || former.lecture || !current.lecture) return;
  const { change, ...state } = former;
  before = { state, scrolled: window.scrollY };
}

function show({ lecture }) {
  const bar = document.getElementById("lecture");
  const step = steps[lecture - 1];
  const root = document.documentElement;
  bar.hidden = !step;
  root.toggleAttribute("data-lecture", Boolean(step));
  root.dataset.lectureFigure = step?.figure ?? "";
  root.dataset.lecturePicture = step?.picture ?? "";
  if (!step) return;
  document.getElementById("lecture-number").textContent = `${lecture} / ${steps.length}`;
  document.getElementById("lecture-title").textContent = step.title;
  document.getElementById("lecture-sentence").textContent = step.sentence;
  document.getElementById("lecture-back").disabled = lecture === 1;
  document.getElementById("lecture-next").disabled = lecture === steps.length;
  window.scrollTo(0, 0);
}

/* An address that names a step means the screen of that step, and of the rest what a presenter may have changed. */
function begin() {
  if (hasBegun || !steps.length) return;
  hasBegun = true;
  const number = screen.current.lecture;
  const kept = PLAYED_WITH.filter((name) => namedAtFirst.includes(name));
  go(number, performance.now(), Object.fromEntries(kept.map((name) => [name, screen.current[name]])));
}

/* Dash calls this with the store `lecture-steps`, before or after the page has begun. */
export function setLectureSteps(theSteps) {
  steps = theSteps || [];
  if (!screen.current) return;
  show(screen.current);
  begin();
}

/* Whether the focused element needs the key itself. */
function needsKey(target, key) {
  if (target.closest("input, textarea, select, [contenteditable], [role=combobox], [role=listbox]")) return true;
  return key === " " && target.closest("button, a, summary, [role=button]");
}

export function start() {
  // Soon the address is written in full.
  namedAtFirst = [...new URLSearchParams(location.search).keys()];

  screen.subscribe((current, former) => {
    remember(current, former);
    if (!former || former.lecture !== current.lecture) show(current);
    begin();
  });

  document.addEventListener("click", (event) => {
    const button = event.target.closest("#lecture-back, #lecture-next, #lecture-leave, #open-lecture");
    if (!button) return;
    if (BUTTONS[button.id]) go(screen.current.lecture + BUTTONS[button.id], event.timeStamp);
    else toggleLecture(event.timeStamp);
    // After a click with a mouse, the space bar means the next step, not the button again.
    if (event.detail) button.blur();
  });

  /* A presenter's clicker sends the page keys. */
  document.addEventListener("keydown", (event) => {
    const number = screen.current.lecture;
    if (!number || isDialogOpen() || event.defaultPrevented) return;
    if (event.shiftKey || event.altKey || event.ctrlKey || event.metaKey) return;
    if (event.key === "Escape") leave(event.timeStamp);
    else if (needsKey(event.target, event.key) || !mayAct(event.key)) return;
    else if (event.key === "h") toggleSentence();
    else if (KEYS[event.key]) go(number + KEYS[event.key], event.timeStamp);
    else return;
    event.preventDefault();
  });
}
