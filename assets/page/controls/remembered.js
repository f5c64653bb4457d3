/* What this browser remembers of a visitor: in localStorage for good, in sessionStorage for this tab. Nothing where storage
 * is denied, as in a frame on another site. */
const PREFIX = "hvae-";

function storage(kind) {
  try {
    return window[kind];
  } catch {
    return null;
  }
}

/* Whether something can be remembered for good. */
export function canRemember() {
  return Boolean(storage("localStorage"));
}

/* What is remembered under a name; null for nothing. */
export function remembered(name, kind = "localStorage") {
  return storage(kind)?.getItem(PREFIX + name) ?? null;
}

export function remember(name, value, kind = "localStorage") {
  try {
    storage(kind)?.setItem(PREFIX + name, value);
  } catch {
    // Its storage is full: it holds for this page only.
  }
}

export function forget(name, kind = "localStorage") {
  storage(kind)?.removeItem(PREFIX + name);
}
