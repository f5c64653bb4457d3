/* Other atlases: the menu in the page's head leads to them. */
import { screen } from "../core/screen.js";

/* What Dash calls when a visitor has chosen. */
export function chooseAtlas(atlas) {
  if (atlas && atlas !== screen.current.atlas) screen.open(atlas);
}

export function start() {
  /* Back may show the page as it was left: with the menu at the atlas that it led to. */
  window.addEventListener("pageshow", (event) => {
    if (event.persisted) window.dash_clientside.set_props("control-atlas", { value: screen.current.atlas });
  });
}
