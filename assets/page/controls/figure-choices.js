/* Controls that choose what figures show: <... id="control-NAME"> sets the field NAME of the state, and shows it. */
import { screen } from "../core/screen.js";

const told = new Map(); // control → when the page has set it
let touched = 0; // when a visitor last touched a control
let choosing = ""; // the control that a visitor is choosing with

/* Which entry of `sizes` a control sets; null if it sets a whole field. */
function entryOf(name) {
  const match = /^size-([0-9])$/.exec(name);
  return match ? Number(match[1]) : null;
}

function valueOf(state, name) {
  return entryOf(name) === null ? state[name] : state.sizes[entryOf(name)];
}

/* What a visitor has chosen with a control. */
export function chosenWith(name) {
  return valueOf(screen.current, name);
}

/* The names that a control may have: the fields of the state, and the entries of `sizes`: size-0, size-1, … */
function namesIn(state) {
  return [...Object.keys(state), ...state.sizes.map((_, index) => `size-${index}`)];
}

/* Whether Dash only tells what the page has told it: no visitor has touched a control since. By then the page may show
 * something else. */
function isEcho(name) {
  return told.has(name) && touched < told.get(name);
}

/* Dash calls this when a visitor has chosen, and when the page has set a control. */
export function choose(name, value) {
  const { current } = screen;
  if (typeof value !== "string" || isEcho(name) || valueOf(current, name) === value) return;
  const entry = entryOf(name);
  choosing = name;
  if (entry === null) screen.set({ [name]: value });
  else screen.set({ sizes: current.sizes.map((size, index) => (index === entry ? value : size)) });
  choosing = "";
}

export function start() {
  for (const event of ["pointerdown", "keydown"]) {
    document.addEventListener(
      event,
      ({ target }) => {
        if (target.closest?.(".control, [role=listbox], [role=option]")) touched = performance.now();
      },
      { capture: true },
    );
  }

  /* An address, a key or a lecture has chosen. */
  screen.subscribe((current, former) => {
    for (const name of namesIn(current)) {
      const value = valueOf(current, name);
      const isOld = valueOf(former ?? screen.first, name) === value;
      if (isOld || name === choosing || value === undefined) continue;
      if (!document.getElementById(`control-${name}`)) continue;
      told.set(name, performance.now());
      window.dash_clientside.set_props(`control-${name}`, { value });
    }
  });
}
