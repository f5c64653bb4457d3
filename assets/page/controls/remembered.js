/* What this browser remembers of a visitor; nothing where storage is denied. */
const PREFIX = "hvae-";

/* Whether something can be remembered at all. */
export function canRemember() {
  try {
    return Boolean(window.localStorage);
  } catch {
    return false;
  }
}

export function remembered(name) {
  return canRemember() ? window.localStorage.getItem(PREFIX + name) : null;
}

export function remember(name, value) {
  try {
    window.localStorage.setItem(PREFIX + name, value);
  } catch {
    // It holds for this page only.
  }
}
