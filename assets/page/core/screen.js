/* What is on screen, and the address bar, which always says it. The one place that changes it.
 *
 * `current` has the fields of Screen in app/page/state.py, and `change`, which counts our changes. Modules subscribe to
 * it. Dash hears of it as little as possible, since each change of one of its stores takes it 10 to 90 ms: the
 * store `screen` holds what a visitor sees first, and `look`, the part that figures depend on, is kept up to date.
 */
import { isFold } from "./fold-names.js";
import { parentSetting } from "./parent-setting.js";
import { pageAddress } from "./server-addresses.js";
import { LOOK } from "./shared-constants.js";

const listeners = [];
let first = null; // what a visitor sees first
let fields = {}; // name → what an address may say of it
let lookOfDash = ""; // what Dash has been told last

export const screen = {
  current: null,
  points: {},

  /* Begin with what Dash knows and what the address says. Nobody has subscribed yet; `publish` comes after that. */
  begin(firstScreen, theFields, points) {
    first = firstScreen;
    fields = theFields;
    this.points = points || {};
    this.current = { ...first, ...read(location.search), change: 0 };
    lookOfDash = look(first);
    window.addEventListener("popstate", () => {
      const { atlas, change } = this.current;
      this.set({ ...first, ...read(location.search), atlas, change });
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
    const shifts = (change.point ?? former.point) === former.point ? former.shifts : first.shifts;
    this.current = { ...former, shifts, ...change, change: former.change + 1 };
    for (const listener of listeners) listener(this.current, former, since);
    // Back leads to the former view, not to the former dot.
    this.publish(this.current.view === former.view ? "replaceState" : "pushState");
  },

  /* Go to another atlas, by loading the page again: how things are shown stays, what is shown is its own. */
  open(atlas) {
    const how = Object.fromEntries([...LOOK, "part"].map((name) => [name, this.current[name]]));
    const said = new URLSearchParams(query({ ...first, ...how, lecture: first.lecture, atlas }));
    said.delete("point");
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

function look(state) {
  return JSON.stringify(Object.fromEntries(LOOK.map((name) => [name, state[name]])));
}

/* The fields that an address says, as far as they are valid. */
function read(search) {
  const said = new URLSearchParams(search);
  const values = {};
  for (const [name, field] of Object.entries(fields)) {
    const text = said.get(name);
    const value = text === null ? undefined : parse(field, text);
    if (value !== undefined) values[name] = value;
  }
  return values;
}

function parse(field, text) {
  const list = text === "" ? [] : text.split(",");
  // Without a parent there are no folds.
  const isPoint = (name) => Object.hasOwn(screen.points, name) || (isFold(name) && Boolean(parentSetting()));
  switch (field.kind) {
    case "choice":
      return field.choices.includes(text) ? text : undefined;
    case "choices":
      return list.length === field.length && list.every((one) => field.choices.includes(one)) ? list : undefined;
    case "integer":
      return /^[0-9]{1,10}$/.test(text) && Number(text) <= field.most ? Number(text) : undefined;
    case "point":
      return isPoint(text) ? text : undefined;
    case "points":
      return list.every(isPoint) ? [...new Set(list)].slice(0, field.most) : undefined;
    case "text":
      return text.length <= field.most && new RegExp(`^(?:${field.pattern})$`).test(text) ? text : undefined;
  }
  return undefined;
}

/* Atlas, view and point always; the rest where it is not what a visitor sees first. */
function query(state) {
  const said = new URLSearchParams({ atlas: state.atlas });
  for (const name of Object.keys(fields)) {
    const text = String(state[name] ?? "");
    if (name === "view" || name === "point" || text !== String(first[name] ?? "")) said.set(name, text);
  }
  return said.toString().replaceAll("%2C", ",").replaceAll("%3A", ":");
}
