/* The menu of atlases in the page's head. */
import { screen } from "../core/screen.js";

/* Dash calls this when a visitor has chosen. */
export function chooseAtlas(atlas) {
  if (atlas && atlas !== screen.current.atlas) screen.open(atlas);
}

export function start() {
  /* After Back, the browser may show the page as the visitor left it, with another atlas in the menu. */
  window.addEventListener("pageshow", (event) => {
    if (event.persisted) window.dash_clientside.set_props("control-atlas", { value: screen.current.atlas });
  });
}
