/* Controls that choose what figures show: <... id="control-NAME"> sets the field NAME of the state, and shows it. */
import { screen } from "../core/screen.js";

/* Which entry of `sizes` a control sets; null if it sets a whole field. */
function entryOf(name) {
  const match = /^size-([0-9])$/.exec(name);
  return match ? Number(match[1]) : null;
}

function valueOf(state, name) {
  return entryOf(name) === null ? state[name] : state.sizes[entryOf(name)];
}

/* The names that a control may have: the fields of the state, and the entries of `sizes`: size-0, size-1, … */
function namesIn(state) {
  return [...Object.keys(state), ...state.sizes.map((_, index) => `size-${index}`)];
}

/* Dash calls this when a visitor has chosen. */
export function choose(name, value) {
  const { current } = screen;
  if (typeof value !== "string" || valueOf(current, name) === value) return;
  const entry = entryOf(name);
  if (entry === null) screen.set({ [name]: value });
  else screen.set({ sizes: current.sizes.map((size, index) => (index === entry ? value : size)) });
}

export function start() {
  /* An address, a key or a lecture has chosen. */
  screen.subscribe((current, former) => {
    for (const name of namesIn(current)) {
      const value = valueOf(current, name);
      const isOld = former ? valueOf(former, name) === value : !location.search;
      if (isOld || value === undefined || !document.getElementById(`control-${name}`)) continue;
      window.dash_clientside.set_props(`control-${name}`, { value });
    }
  });
}
