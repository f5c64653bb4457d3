/* Points between the dots: what the page knows about the parent's folds.
 *
 * A fold is selected like a dot, by its name. Its β, title and colour are known at once. Its numbers are estimated by
 * its model in the page or, if that is not possible, by the server.
 *
 * Event of `document`:  hvae:known {point}   the numbers of a selected fold are known now
 */
import { betasOfFold, isFold } from "./fold-names.js";
import { numbersHere } from "./models/models.js";
import { betaText, decibelText, rateText } from "./numbers.js";
import { codeColour, hex } from "./oklab.js";
import { parentSetting } from "./parent-setting.js";
import { request } from "../server/requests.js";
import { screen } from "./screen.js";
import { estimatesAddress } from "../server/server-addresses.js";
import { ESTIMATED, MOST_ESTIMATED_IMAGES, TRAVERSAL } from "./shared-constants.js";

/* The shared colour code, [red, green, blue]. */
export function foldColour(beta2, beta1) {
  const { colour_ranges: ranges, corners } = parentSetting();
  return codeColour(corners, ranges, [beta2, beta1]);
}

/* `β₂ = 0.316, β₁ = 2.15` */
export function betasText([beta2, beta1]) {
  return `β₂ = ${betaText(beta2)}, β₁ = ${betaText(beta1)}`;
}

/* What is known about a fold at once, with the fields of `points_data` in app/page/points.py; no numbers yet. */
export function describeFold(name) {
  const [beta2, beta1] = betasOfFold(name);
  return {
    beta_2: beta2,
    beta_1: beta1,
    title: `Between the dots: ${betasText([beta2, beta1])}`,
    colour: hex(foldColour(beta2, beta1)),
    fold: true,
    stats: Object.fromEntries(ESTIMATED.map((column) => [column, "…"])),
    traversal: "",
    dimensions: [],
  };
}

/* The fold's numbers on the first `count` test images, with their texts, like `estimates` of app/pictures. */
export async function estimate(atlas, name, count = MOST_ESTIMATED_IMAGES, isWanted = undefined) {
  const url = estimatesAddress(atlas, name, count);
  const here = await numbersHere(url);
  if (here) return worded(here);
  return (await request(url, isWanted)).json();
}

function worded(estimates) {
  const text = (column) => (column === "psnr" ? decibelText : rateText)(estimates[column]);
  const { usual, of_nothing: ofNothing, next_to_nothing: nothing } = TRAVERSAL;
  return {
    ...estimates,
    stats: Object.fromEntries(ESTIMATED.map((column) => [column, text(column)])),
    traversal: estimates.rate_z2 < nothing ? ofNothing : usual,
  };
}

/* Add a fold's numbers to what the page knows. */
function learn(name, estimates) {
  const point = screen.points[name];
  if (!point) return;
  Object.assign(point, estimates, { numbers: estimates, asked: false, estimated: true });
  document.dispatchEvent(new CustomEvent("hvae:known", { detail: { point: name } }));
  // Modules that show numbers of the selected model show them now.
  const { point: selected, pins } = screen.current;
  if (selected === name || pins.includes(name)) screen.set({ pins: [...pins] });
}

/* Make selected and pinned folds known before any other module reads them. */
function enterFolds({ atlas, point: selected, pins }) {
  for (const name of new Set([selected, ...pins])) {
    if (!parentSetting() || !isFold(name)) continue;
    const point = (screen.points[name] = screen.points[name] || describeFold(name));
    if (point.estimated || point.asked) continue;
    point.asked = true;
    estimate(atlas, name).then(
      (estimates) => learn(name, estimates),
      (error) => {
        point.asked = false; // its pictures say why
        error.nextTry?.then(() => enterFolds(screen.current));
      },
    );
  }
}

export function start() {
  screen.subscribe(enterFolds);
}
