/* What is on screen, and the address bar, which always says it. The one place that changes it.
 *
 * `current` has the fields of Screen in app/page/state.py, and `change`, which counts our changes. Modules subscribe to
 * it. Dash hears of it as little as possible, since each change of one of its stores takes it 10 to 90 ms: the
 * store `screen` holds what a visitor sees first, and `look`, the part that figures depend on, is kept up to date.
 */
import { isPointHere, pointAt, readAddress, writeAddress } from "./address.js";
import { shortNumber } from "./numbers.js";
import { pageAddress } from "../server/server-addresses.js";
import { FOLD, LOOK } from "./shared-constants.js";

const listeners = [];
let lookOfDash = ""; // what Dash has been told last

export const screen = {
  current: null,
  first: null, // what a visitor sees first
  points: {},
  fields: {}, // name → what it is called, and what an address may say of it
  refused: {}, // field → what the address named that is not here, when the page was opened

  /* Begin with what Dash knows and what the address says. Nobody has subscribed yet; `publish` comes after that. */
  begin(first, fields, points) {
    this.first = first;
    this.fields = fields;
    this.points = points || {};
    const { values, refused } = read(location.search);
    this.current = { ...first, ...values, change: 0 };
    this.refused = refused;
    lookOfDash = look(first);
    window.addEventListener("popstate", () => {
      const { atlas, change } = this.current;
      this.set({ ...this.first, ...read(location.search).values, atlas, change });
    });
  },

  /* Call `listener(current, former, since)` now, with former null, and after every change.
   * `since`: when the input event happened, in ms, for measurements. */
  subscribe(listener) {
    listeners.push(listener);
    listener(this.current, null, performance.now());
  },

  /* Have the address bar and Dash say what is on screen. */
  publish(how = "replaceState") {
    const address = `?${query(this.current)}`;
    if (address !== location.search) history[how](null, "", address);
    if (look(this.current) !== lookOfDash) this.drawFigures();
  },

  /* Change some of it. What one model's sliders shift means nothing in another. */
  set(change, since = performance.now()) {
    const former = this.current;
    const shifts = (change.point ?? former.point) === former.point ? former.shifts : this.first.shifts;
    this.current = { ...former, shifts, ...change, change: former.change + 1 };
    for (const listener of listeners) listener(this.current, former, since);
    // Back leads to the former view, not to the former dot.
    this.publish(this.current.view === former.view ? "replaceState" : "pushState");
  },

  /* Go to another atlas, by loading the page again: how things are shown stays, what is shown is its own. */
  open(atlas) {
    const how = Object.fromEntries([...LOOK, "part"].map((name) => [name, this.current[name]]));
    const said = new URLSearchParams(query({ ...this.first, ...how, lecture: this.first.lecture, atlas }));
    said.delete("point");
    const point = this.points[this.current.point];
    if (point) said.set("betas", [point.beta_2, point.beta_1].map((beta) => shortNumber(beta, FOLD.digits)));
    location.assign(pageAddress(said));
  },

  /* Have Dash draw the figures of what is on screen. */
  drawFigures() {
    lookOfDash = look(this.current);
    window.dash_clientside.set_props("look", { data: JSON.parse(lookOfDash) });
  },

  /* The address that shows what is on screen now. */
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

/* {values, refused} of an address. It may say β₂ and β₁ in place of a point, which each atlas calls in its own way. */
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
