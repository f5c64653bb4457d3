/* The page's modules, in the order in which they learn of a change: each may read what those before it have written.
 * Until the page has begun, nothing runs but core/models/first-pictures.js.
 *
 * assets/bridge.js imports this module and passes on Dash's calls.
 */
import * as atlasChoice from "./controls/atlas-choice.js";
import * as connectionMessage from "./controls/connection-message.js";
import * as dialogs from "./controls/dialogs.js";
import * as figureChoices from "./controls/figure-choices.js";
import * as linkMessage from "./controls/link-message.js";
import * as shiftSliders from "./controls/shift-sliders.js";
import * as shortcuts from "./controls/shortcuts.js";
import * as tabs from "./controls/tabs.js";
import * as thumbnails from "./controls/thumbnails.js";
import * as toolbars from "./controls/toolbars.js";
import * as atlasVersion from "./core/atlas-version.js";
import * as folds from "./core/folds.js";
import * as models from "./core/models/models.js";
import * as pictures from "./core/pictures.js";
import { screen } from "./core/screen.js";
import * as colourKey from "./figures/colour-key.js";
import * as dotCard from "./figures/dot-card.js";
import * as drawHere from "./figures/draw-here.js";
import { placeFigures } from "./figures/first-figures.js";
import * as foldMark from "./figures/fold-mark.js";
import * as lateFigures from "./figures/late-figures.js";
import * as legend from "./figures/legend.js";
import * as optima from "./figures/optima/optima.js";
import * as plots from "./figures/plots.js";
import * as ring from "./figures/ring.js";
import * as selectDots from "./figures/select-dots.js";
import * as typeSize from "./figures/type-size.js";
import * as keyboard from "./keyboard.js";
import * as connection from "./server/connection.js";
import * as claimsView from "./views/claims.js";
import * as compareView from "./views/compare.js";
import * as aboutDialog from "./views/explanations/about.js";
import * as explanationCard from "./views/explanations/card.js";
import * as equations from "./views/explanations/equations.js";
import * as termStops from "./views/explanations/term-stops.js";
import * as terms from "./views/explanations/terms.js";
import * as tour from "./views/explanations/tour.js";
import * as exportDialog from "./views/export/dialog.js";
import * as follow from "./views/following/follow.js";
import * as lead from "./views/following/lead.js";
import * as informationFlow from "./views/information-flow.js";
import * as judge from "./views/judge.js";
import * as lecture from "./views/lecture.js";
import * as modelStrip from "./views/model-strip.js";
import * as modelView from "./views/model.js";
import * as ratePlane from "./views/parent/rate-plane.js";
import * as training from "./views/parent/training.js";
import * as parentView from "./views/parent/view.js";
import * as samplesBar from "./views/samples-bar.js";
import * as selectedModel from "./views/selected-model.js";
import * as yourImage from "./views/your-image/view.js";

const PARTS = [
  ...[connection, connectionMessage, atlasVersion, folds, models, tabs, lecture, shiftSliders, selectedModel],
  ...[ring, foldMark, optima, selectDots, typeSize, plots, dotCard, lateFigures, drawHere],
  ...[figureChoices, atlasChoice, linkMessage, legend, colourKey, thumbnails, toolbars, dialogs, shortcuts, keyboard],
  ...[modelStrip, samplesBar, informationFlow, modelView, yourImage, ratePlane, parentView, training],
  ...[exportDialog, compareView, judge, claimsView],
  ...[aboutDialog, explanationCard, equations, terms, termStops, tour],
  ...[follow, lead],
];

/* Dash calls this with the stores `screen`, `fields`, `points` and `first-figures` when the page is complete. */
function begin(firstScreen, fields, points, figures) {
  if (screen.current) return;
  screen.begin(firstScreen, fields, points);
  for (const part of PARTS) part.start();
  placeFigures(figures);
  screen.publish();
}

/* Name of a clientside callback → what Dash calls after the page has begun. */
const CALLBACKS = {
  ...training.trainingCallbacks,
  parentGrown: parentView.addPoints,
};

/* Do what Dash asks for. A choice before the page has begun is ignored: nothing is on screen to change. */
export function call(name, ...values) {
  if (name === "start") begin(...values);
  else if (name === "lectureSteps") lecture.setLectureSteps(...values);
  else if (!screen.current) return;
  else if (Object.hasOwn(CALLBACKS, name)) CALLBACKS[name](...values);
  else if (name.startsWith("choose-")) figureChoices.choose(name.replace("choose-", ""), ...values);
}

/* For tests and measurements only: what is on screen, and the last pictures. */
window.hvae = { screen, pictures };
