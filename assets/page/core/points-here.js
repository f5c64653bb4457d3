/* Which points this atlas has: its dots, and, where it has a parent, the folds within the parent's range. */
import { betasOfFold, foldName } from "./fold-names.js";
import { parentSetting } from "./parent-setting.js";

const EDGE = 1e-3; // how far beyond the range, as a share, β may lie, as in app/atlases/folds.py
const ROUNDED = 5e-3; // how far apart, as a share, two roundings of the same β may lie

function coversFold(betas) {
  const setting = parentSetting();
  if (!setting || betas?.length !== 2) return false;
  const [low, high] = setting.range;
  return betas.every((beta) => beta >= low * (1 - EDGE) && beta <= high * (1 + EDGE));
}

/* Whether a name is that of a dot, one of `points`, or of a fold that can be had. */
export function isPointHere(points, name) {
  if (Object.hasOwn(points, name) && !points[name].fold) return true;
  const betas = betasOfFold(name);
  return coversFold(betas) && foldName(...betas) === name;
}

/* The name of the dot at [β₂, β₁], else that of the fold there; undefined where there is none, or no such β. */
export function pointAt(points, betas) {
  const apart = ({ beta_2, beta_1 }) =>
    Math.max(...[beta_2, beta_1].map((beta, index) => Math.abs(Math.log(beta / betas[index]))));
  const near = Object.entries(points)
    .filter(([, point]) => betas.length === 2 && !point.fold && apart(point) <= ROUNDED)
    .sort(([, one], [, other]) => apart(one) - apart(other));
  if (near.length) return near[0][0];
  return coversFold(betas) ? foldName(...betas) : undefined;
}
