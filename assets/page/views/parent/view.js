/* The parent's view: a visitor chooses in the β plane, or in the rate plane, where the parent is folded.
 *
 * While the pointer moves, pictures and rough numbers follow. When it rests, the fold is selected (state, address) and
 * its numbers are estimated on all test images of the atlas.
 */
import { learnVersion } from "../../core/atlas-version.js";
import { betasOfFold, foldName, isFold } from "../../core/fold-names.js";
import { describeFold, estimate } from "../../core/folds.js";
import { parentSetting } from "../../core/parent-setting.js";
import { ask, sayWhyMissing } from "../../core/pictures.js";
import { showNumbers } from "../../core/point-numbers.js";
import { screen } from "../../core/screen.js";
import { firstImages, pictureAddress } from "../../server/server-addresses.js";
import { betaAt, betasAt, drawBetaPlane, isBetaPlaneDrawn, markDot, placeHandle, shareOf } from "./beta-plane.js";
import { betasOfRatesAt, dotAt, drawRatePlane, placeDiamond } from "./rate-plane.js";
import { noticeDots, offerTraining } from "./training.js";

const STEPS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowDown: [0, -1], ArrowUp: [0, 1] };
const STEP = 1 / 24; // of the plane's side, by an arrow key; four of them with Shift
const ROUGH_IMAGES = 16;
const VIEW_SAMPLES = 24;
const REACH = 9; // a click within so many pixels of a dot means the dot

let shown = null; // the fold that is on screen
let dragging = false;
let numbers = null; // the numbers that are on screen
let rough = null; // the fold whose rough numbers are being estimated

const find = (id) => document.getElementById(id);
const isOnScreen = () => find("parent-view") && screen.current.view === "parent";

/* ---- The fold ------------------------------------------------------------------------------------------- */

/* Show the fold at (β₂, β₁): its place, pictures and numbers. */
function showFold(beta2, beta1, since) {
  const name = foldName(beta2, beta1);
  const isNew = shown !== name;
  shown = name;
  const known = screen.points[name] || describeFold(name);
  find("parent-title").textContent = known.title;
  find("parent-swatch").style.backgroundColor = known.colour;
  placeHandle(beta2, beta1);
  if (isNew) {
    askPictures(name, since);
    if (known.estimated) writeNumbers(known);
    else if (dragging) askRough();
  }
  offerTraining(beta2, beta1);
}

function askPictures(name, since) {
  const { atlas, seed } = screen.current;
  ask("parent-samples", pictureAddress(atlas, name, "samples", `n=${VIEW_SAMPLES}&seed=${seed}`), since);
  const count = Math.min(8, Number(find("model-panel").dataset.images));
  if (!count) return;
  ask("parent-reconstructions", pictureAddress(atlas, name, "reconstructions", firstImages(count)), since);
}

/* Estimate on few images, one request at a time, the latest place next. */
async function askRough() {
  if (rough) return;
  while (dragging && rough !== shown) {
    const asked = (rough = shown);
    const isWanted = () => dragging && asked === shown;
    try {
      const estimates = await estimate(screen.current.atlas, asked, ROUGH_IMAGES, isWanted);
      const isLate = screen.points[asked]?.estimated; // the better numbers came first
      if (!isLate && (dragging || asked === shown)) writeNumbers(estimates);
    } catch {
      break; // the pictures say why
    }
  }
  rough = null;
}

/* The numbers of the fold at a selected dot. */
async function askAll(name) {
  if (isFold(screen.current.point)) return; // core/folds.js asks for those
  try {
    const estimates = await estimate(screen.current.atlas, name);
    if (name === shown && isOnScreen()) writeNumbers(estimates);
  } catch (error) {
    // The pictures say why.
    error.nextTry?.then(() => name === shown && isOnScreen() && askAll(name));
  }
}

/* Show the numbers, and their place in the rate plane. */
function writeNumbers(known) {
  numbers = known;
  find("parent-note").textContent = known.images ? `Estimated on ${known.images} test images.` : "";
  showNumbers(document.querySelector(".parent-stats"), { numbers: known, stats: known.stats });
  placeDiamond(known.rate_z2, known.rate_z1, find("parent-swatch").style.backgroundColor);
}

/* Make the fold on screen the selected point. */
function select(since) {
  if (shown && screen.current.point !== shown) screen.set({ point: shown }, since);
}

/* ---- The β plane ---------------------------------------------------------------------------------------- */

function listenToTheBetaPlane() {
  const follow = (event) => showFold(...betasAt(event.clientX, event.clientY), event.timeStamp);

  document.addEventListener("pointerdown", (event) => {
    const plane = event.target.closest("#beta-plane");
    if (!plane || !event.isPrimary || event.button !== 0) return;
    dragging = true;
    plane.setPointerCapture(event.pointerId);
    follow(event);
  });

  document.addEventListener("pointermove", (event) => {
    if (dragging && event.isPrimary) follow(event);
  });

  for (const end of ["pointerup", "pointercancel"]) {
    document.addEventListener(end, (event) => {
      if (!dragging || !event.isPrimary) return;
      dragging = false;
      select(event.timeStamp);
    });
  }

  document.addEventListener("keydown", (event) => {
    const step = STEPS[event.key];
    if (!step || event.target.id !== "beta-plane" || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    const [beta2, beta1] = betasOfFold(shown);
    const far = event.shiftKey ? 4 * STEP : STEP;
    showFold(betaAt(shareOf(beta2) + far * step[0]), betaAt(shareOf(beta1) + far * step[1]), event.timeStamp);
    select(event.timeStamp);
  });
}

/* ---- The rate plane ------------------------------------------------------------------------------------- */

function press(event) {
  if (!event.target.closest("#parent-rates")) return;
  const dot = dotAt(event.clientX, event.clientY, REACH);
  const betas = dot ? null : betasOfRatesAt(event.clientX, event.clientY);
  if (dot) screen.set({ point: dot.point }, event.timeStamp);
  if (!betas) return;
  showFold(...betas, event.timeStamp);
  select(event.timeStamp);
}

/* ---- What is on screen ---------------------------------------------------------------------------------- */

function show(current, former, since) {
  if (!isOnScreen()) return;
  if (!isBetaPlaneDrawn()) drawBetaPlane();
  drawRatePlane(parentSetting().dots, current);
  const point = screen.points[current.point];
  const betas = point ? [point.beta_2, point.beta_1] : [1, 1];
  const [low, high] = parentSetting().range;
  if (former && former.seed !== current.seed) shown = null; // other noise
  if (former && former.units !== current.units && numbers) writeNumbers(numbers);
  showFold(...betas.map((beta) => Math.min(high, Math.max(low, beta))), since);
  if (!screen.points[shown]?.estimated) askAll(shown);
  markDot(current.point);
}

/* Dash calls this when points have joined the atlas. point: the one that this page trained, if any. Figures of other
 * views are drawn again when they are shown. */
export function addPoints(grown) {
  if (!grown) return;
  learnVersion(grown.version);
  Object.assign(screen.points, grown.points);
  find("export").dataset.opening = grown.opening;
  if (parentSetting()) {
    parentSetting().dots = grown.dots;
    if (isBetaPlaneDrawn()) drawBetaPlane();
    noticeDots();
  }
  // If the trained fold is still selected, select the dot in its place.
  const trained = grown.points[grown.point];
  const isHere = trained && shown === foldName(trained.beta_2, trained.beta_1);
  screen.set(isHere ? { point: grown.point } : {});
  screen.drawFigures();
}

export function start() {
  listenToTheBetaPlane();
  document.addEventListener("click", press);
  document.addEventListener("hvae:known", ({ detail }) => {
    if (isOnScreen() && detail.point === shown) writeNumbers(screen.points[shown]);
  });
  sayWhyMissing(
    (slot) => slot.startsWith("parent-") && find("parent-message"),
    (place, message) => (place.textContent = message),
  );
  screen.subscribe(show);
}
