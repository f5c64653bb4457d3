/* The state of the page, and the address bar, which always shows the same state. Only this module changes it.
 *
 * `current` has the fields of Screen in app/page/state.py, and `change`, the number of changes so far. Modules
 * subscribe to it. Dash takes 10 to 90 ms for each change of a store, so it learns as little as possible: the store
 * `screen` holds what a visitor sees first, and the store `look` the part that figures depend on.
 */
import { isPointHere, pointAt, readAddress, writeAddress } from "./address.js";
import { shortNumber } from "./numbers.js";
import { pageAddress } from "../server/server-addresses.js";
import { FOLD, LOOK } from "./shared-constants.js";

const listeners = [];
let drawnLook = ""; // what figures were last drawn for

export const screen = {
  current: null,
  first: null, // what a visitor sees first
  points: {},
  fields: {}, // name → title and valid values
  refused: {}, // field → the invalid part of the address that opened the page
  drawHere: () => false, // draws the figures of a state without Dash, and returns whether it could

  /* Begin with the stores and the address. Modules subscribe after this, and then comes `publish`. */
  begin(first, fields, points) {
    this.first = first;
    this.fields = fields;
    this.points = points || {};
    const { values, refused } = read(location.search);
    this.current = { ...first, ...values, change: 0 };
    this.refused = refused;
    drawnLook = look(first);
    window.addEventListener("popstate", () => this.show(location.search));
  },

  /* Show what the query of an address says, in this atlas. */
  show(search) {
    const { atlas, change } = this.current;
    this.set({ ...this.first, ...read(search).values, atlas, change });
  },

  /* Call `listener(current, former, since)` now, with former null, and after every change.
   * `since`: when the input event happened, in ms, for measurements. */
  subscribe(listener) {
    listeners.push(listener);
    listener(this.current, null, performance.now());
  },

  /* Bring the address bar and Dash up to date. */
  publish(how = "replaceState") {
    const address = `?${query(this.current)}`;
    if (address !== location.search) history[how](null, "", address);
    if (look(this.current) === drawnLook) return;
    if (this.drawHere(this.current)) drawnLook = look(this.current);
    else this.drawFigures();
  },

  /* Change some fields. Another model begins without shifts: they mean nothing in another model. */
  set(change, since = performance.now()) {
    const former = this.current;
    const shifts = (change.point ?? former.point) === former.point ? former.shifts : this.first.shifts;
    this.current = { ...former, shifts, ...change, change: former.change + 1 };
    for (const listener of listeners) listener(this.current, former, since);
    // Back should lead to the former view, not to the former dot.
    this.publish(this.current.view === former.view ? "replaceState" : "pushState");
  },

  /* Go to another atlas by loading the page again, `at` one of its points or else at the nearest β. Keep how things are
   * shown. An atlas that was beside this one changes places with it. */
  open(atlas, at = null) {
    const how = Object.fromEntries([...LOOK, "part"].map((name) => [name, this.current[name]]));
    if (how.beside === atlas) how.beside = this.current.atlas;
    const said = new URLSearchParams(query({ ...this.first, ...how, lecture: this.first.lecture, atlas }));
    said.delete("point");
    const point = this.points[this.current.point];
    if (at) said.set("point", at);
    else if (point) said.set("betas", [point.beta_2, point.beta_1].map((beta) => shortNumber(beta, FOLD.digits)));
    location.assign(pageAddress(said));
  },

  /* Let Dash draw the figures of the present state. */
  drawFigures() {
    drawnLook = look(this.current);
    window.dash_clientside.set_props("look", { data: JSON.parse(drawnLook) });
  },

  /* The address of the present state. */
  address() {
    return new URL(`?${query(this.current)}`, location.href).href;
  },
};

function query(state) {
  return writeAddress(state, screen.fields, screen.first);
}

function look(state) {
  return JSON.stringify(Object.fromEntries(LOOK.map((name) => [name, state[name]])));
}

/* {values, refused} of an address. It may give β₂ and β₁ in place of a point, whose name depends on the atlas. */
function read(search) {
  const { values, refused } = readAddress(search, screen.fields, (name) => isPointHere(screen.points, name));
  const said = new URLSearchParams(search);
  const atlas = said.get("atlas");
  const others = atlas && atlas !== screen.first.atlas ? { atlas, ...refused } : refused;
  const betas = said.has("point") ? null : said.get("betas");
  if (betas === null) return { values, refused: others };
  const point = pointAt(screen.points, betas.split(",").map(Number));
  if (point) return { values: { ...values, point }, refused: others };
  return { values, refused: { ...others, point: `β₂,β₁ = ${betas}` } };
}
