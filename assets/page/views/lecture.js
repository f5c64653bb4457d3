/* Lecture mode: large type, and a sequence of steps, each of which sets the state. */
import { isDialogOpen } from "../controls/dialogs.js";
import { screen } from "../core/screen.js";

const BUTTONS = { "lecture-back": -1, "lecture-next": 1 };
let steps = []; // {title, sentence, screen}
let isAddressBare = false; // whether the page was opened with an address that names a step only
let hasBegun = false;

function go(number, since) {
  if (number < 1 || number > steps.length) return;
  screen.set({ ...steps[number - 1].screen, lecture: number }, since);
}

/* Enter lecture mode at its first step, or leave it. */
export function toggleLecture(since) {
  if (screen.current.lecture) screen.set({ lecture: 0 }, since);
  else go(1, since);
}

function show({ lecture }) {
  const bar = document.getElementById("lecture");
  const step = steps[lecture - 1];
  bar.hidden = !step;
  document.documentElement.toggleAttribute("data-lecture", Boolean(step));
  if (!step) return;
  document.getElementById("lecture-number").textContent = `${lecture} / ${steps.length}`;
  document.getElementById("lecture-title").textContent = step.title;
  document.getElementById("lecture-sentence").textContent = step.sentence;
  document.getElementById("lecture-back").disabled = lecture === 1;
  document.getElementById("lecture-next").disabled = lecture === steps.length;
}

/* An address that names only a step means the screen of that step. */
function begin() {
  if (hasBegun || !steps.length) return;
  hasBegun = true;
  if (isAddressBare) go(screen.current.lecture);
}

/* Dash calls this with the store `lecture-steps`, before or after the page has begun. */
export function setLectureSteps(theSteps) {
  steps = theSteps || [];
  if (!screen.current) return;
  show(screen.current);
  begin();
}

export function start() {
  // Soon the address is written in full.
  isAddressBare = [...new URLSearchParams(location.search).keys()].every((name) => ["atlas", "lecture"].includes(name));

  screen.subscribe((current, former) => {
    if (!former || former.lecture !== current.lecture) show(current);
    begin();
  });

  document.addEventListener("click", (event) => {
    const button = event.target.closest("#lecture button, #open-lecture");
    if (!button) return;
    if (BUTTONS[button.id]) go(screen.current.lecture + BUTTONS[button.id], event.timeStamp);
    else toggleLecture(event.timeStamp);
  });

  /* A presenter's clicker sends the page keys. */
  document.addEventListener("keydown", (event) => {
    const number = screen.current.lecture;
    if (!number || isDialogOpen()) return;
    if (event.key === "Escape") screen.set({ lecture: 0 });
    else if (event.key === "PageDown") go(number + 1, event.timeStamp);
    else if (event.key === "PageUp") go(number - 1, event.timeStamp);
    else return;
    event.preventDefault();
  });
}
