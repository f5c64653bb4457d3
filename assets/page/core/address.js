/* The state as an address, and the points that an address may name: the atlas's dots and, if it has a parent, the folds
 * within the parent's range. `fields` of app/page/state.py describes the valid values. */
import { betasOfFold, foldName } from "./fold-names.js";
import { parentSetting } from "./parent-setting.js";
import { FOLD } from "./shared-constants.js";

const ROUNDED = 5e-3; // the largest relative difference between two roundings of the same β

function coversFold(betas) {
  const setting = parentSetting();
  if (!setting || betas?.length !== 2) return false;
  const [low, high] = setting.range;
  return betas.every((beta) => beta >= low * (1 - FOLD.edge) && beta <= high * (1 + FOLD.edge));
}

/* Whether a name is that of a dot, one of `points`, or of a possible fold. */
export function isPointHere(points, name) {
  if (Object.hasOwn(points, name) && !points[name].fold) return true;
  const betas = betasOfFold(name);
  return coversFold(betas) && foldName(...betas) === name;
}

/* The name of the dot at [β₂, β₁], or else of the fold there; undefined if there is neither. */
export function pointAt(points, betas) {
  const apart = ({ beta_2, beta_1 }) =>
    Math.max(...[beta_2, beta_1].map((beta, index) => Math.abs(Math.log(beta / betas[index]))));
  const near = Object.entries(points)
    .filter(([, point]) => betas.length === 2 && !point.fold && apart(point) <= ROUNDED)
    .sort(([, one], [, other]) => apart(one) - apart(other));
  if (near.length) return near[0][0];
  return coversFold(betas) ? foldName(...betas) : undefined;
}

/* The value of a field's text: {value, refused}. value: undefined if the text is invalid. refused: the invalid part of
 * the text. */
function parse(field, text, isPoint) {
  const list = text === "" ? [] : text.split(",");
  const only = (isValid, value) => (isValid ? { value, refused: "" } : { refused: text });
  switch (field.kind) {
    case "choice":
      return only(Object.hasOwn(field.choices, text), text);
    case "choices":
      return only(list.length === field.length && list.every((one) => Object.hasOwn(field.choices, one)), list);
    case "integer":
      return only(/^[0-9]{1,10}$/.test(text) && Number(text) <= field.most, Number(text));
    case "point":
      return only(isPoint(text), text);
    case "points": {
      const here = [...new Set(list.filter(isPoint))].slice(0, field.most);
      return { value: here, refused: list.filter((one) => !here.includes(one)).join(",") };
    }
    case "images": {
      const [least, most] = field.length;
      const areHere = list.every((one) => /^[0-9]{1,6}$/.test(one) && Number(one) < field.count);
      return only(areHere && list.length >= least && list.length <= most, text);
    }
    case "text":
      return only(text.length <= field.most && new RegExp(`^(?:${field.pattern})$`).test(text), text);
  }
  return { refused: text };
}

/* The state in an address: {values, refused}. values: field → value, if it is valid. refused: field → the invalid text.
 * isPoint(name): whether this atlas has the point. */
export function readAddress(search, fields, isPoint) {
  const said = new URLSearchParams(search);
  const [values, refused] = [{}, {}];
  for (const [name, field] of Object.entries(fields)) {
    const text = said.get(name);
    if (text === null) continue;
    const its = parse(field, text, isPoint);
    if (its.value !== undefined) values[name] = its.value;
    if (its.refused) refused[name] = its.refused;
  }
  return { values, refused };
}

/* The query of a state: always atlas, view and point; other fields if they differ from what a visitor sees first. */
export function writeAddress(state, fields, first) {
  const said = new URLSearchParams({ atlas: state.atlas });
  for (const name of Object.keys(fields)) {
    const text = String(state[name] ?? "");
    if (name === "view" || name === "point" || text !== String(first[name] ?? "")) said.set(name, text);
  }
  return said.toString().replaceAll("%2C", ",").replaceAll("%3A", ":");
}
