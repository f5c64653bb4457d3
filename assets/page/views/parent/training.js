/* Training a point: the button, the progress bar and the messages. The job is a background callback of Dash.
 *
 * A job goes on while its page is loaded again. The window keeps a ticket, by which app/training/tickets.py finds the
 * job.
 */
import { forget, remember, remembered } from "../../controls/remembered.js";
import { lookForNewer } from "../../core/atlas-version.js";
import { betasOfFold, foldName } from "../../core/fold-names.js";
import { betasText } from "../../core/folds.js";
import { parentSetting } from "../../core/parent-setting.js";
import { screen } from "../../core/screen.js";

const [KEPT, TAB] = ["training", "sessionStorage"]; // what is remembered, and where
const SAME = 1e-3; // two values of β are the same up to this difference of their logarithms
const GRACE_MS = 1500; // the result may arrive a little after the end
const STAGES = { loading: "reading the images …", measuring: "measuring …", writing: "adding the dot …" };

let wish = null; // [β₂, β₁] of the point in training, or trained last
let asked = 0; // counts the jobs that were asked for
let cancelled = false;
let hasEnded = false; // whether the job has ended without a result so far
let betas = null; // [β₂, β₁] of the fold on screen
let firstWords = ""; // the words before anything is trained

const find = (id) => document.getElementById(id);
const state = () => find("training-panel")?.dataset.state;

function say(newState, text) {
  const words = find("training-words");
  firstWords = firstWords || words.textContent;
  find("training-panel").dataset.state = newState;
  if (newState !== "running") forget(KEPT, TAB);
  words.replaceChildren(text || firstWords);
  lock();
}

/* Whether the atlas has a dot at [β₂, β₁]. */
function isDot(place) {
  const near = (one, other) => Math.abs(Math.log(one / other)) < SAME;
  return Boolean(place) && parentSetting().dots.some((dot) => near(dot.beta_2, place[0]) && near(dot.beta_1, place[1]));
}

/* Disable the button while a job runs, and if the atlas has the dot already. */
function lock() {
  const button = find("train-point");
  button.disabled = isDot(betas) || state() === "running";
  button.title = isDot(betas) ? "This β is a dot already" : "";
}

function sayDone() {
  const where = "in your own copy of this atlas: the server's log says where";
  say("done", `${betasText(wish || betas)} is a dot now, ${where}.`);
}

/* Dots have joined the atlas. The one in training may be among them even if its result is lost. */
export function noticeDots() {
  if (state() === "running" && hasEnded && isDot(wish)) sayDone();
  else if (find("train-point")) lock();
}

function bar(value) {
  if (value === null) find("training-bar").removeAttribute("value");
  else find("training-bar").value = value;
}

function timeLeft(seconds) {
  if (seconds === null) return "";
  if (seconds < 90) return `, about ${Math.max(1, Math.round(seconds))} s left`;
  return `, about ${Math.round(seconds / 60)} min left`;
}

function newTicket() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/* Set the fold that the button trains. */
export function offerTraining(beta2, beta1) {
  betas = betasOfFold(foldName(beta2, beta1));
  if (find("training-panel")) lock();
}

function train() {
  wish = betas;
  asked += 1;
  [cancelled, hasEnded] = [false, false];
  bar(null);
  say("running", `${betasText(wish)}: starting …`);
  const [beta_2, beta_1] = wish;
  const data = { beta_2, beta_1, ticket: newTicket() };
  remember(KEPT, JSON.stringify({ atlas: screen.current.atlas, ...data }), TAB);
  window.dash_clientside.set_props("training-wish", { data });
}

/* After the page was loaded again, find the job that it had started. */
function resume() {
  const kept = JSON.parse(remembered(KEPT, TAB));
  if (!kept || kept.atlas !== screen.current.atlas || !find("train-point")) return;
  const { atlas, ...data } = kept;
  wish = [data.beta_2, data.beta_1];
  bar(null);
  say("running", `${betasText(wish)}: looking for its training …`);
  window.dash_clientside.set_props("training-wish", { data: { ...data, again: true } });
}

/* The job has ended without a result: look into the atlas for its point. */
async function lookForDot(which) {
  const isOpen = () => state() === "running" && asked === which;
  if (!isOpen()) return;
  hasEnded = true;
  noticeDots();
  if (isOpen()) await lookForNewer();
  setTimeout(() => {
    if (isOpen()) say("failed", "The training ended without a result; the server's log says more.");
  }, GRACE_MS);
}

/* Dash calls these while a job runs, and when it has ended. */
export const trainingCallbacks = {
  trainingProgress(progress) {
    if (!progress || state() !== "running" || cancelled) return;
    const { stage, step, steps, seconds_left: seconds } = progress;
    bar(stage === "training" ? step / steps : null);
    const count = stage === "training" ? `step ${step} of ${steps}${timeLeft(seconds)}` : STAGES[stage];
    say("running", `${betasText(wish)}: ${count}`);
  },

  /* The job has ended. A result brings its own message; a process that was killed has no result. */
  trainingRunning(running) {
    if (running !== false || state() !== "running") return;
    if (cancelled) {
      say("idle", "Cancelled: no dot was added.");
      return;
    }
    const which = asked;
    setTimeout(() => lookForDot(which), GRACE_MS);
  },

  trainingResult(result) {
    if (result?.point || (result?.error && isDot(wish))) sayDone();
    else if (result?.error) say("failed", result.error);
  },
};

export function start() {
  resume();
  document.addEventListener("click", (event) => {
    if (event.target.id === "train-point" && betas && state() !== "running") train();
    else if (event.target.id === "training-cancel" && state() === "running") {
      cancelled = true;
      bar(null);
      say("running", "Cancelling …");
    }
  });
}
