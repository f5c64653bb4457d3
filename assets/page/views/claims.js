/* The claims view: a claim's button sets the screen to its evidence. app/page/panels/claims.py writes the rows. */
import { screen } from "../core/screen.js";

export function start() {
  document.addEventListener("click", (event) => {
    const button = event.target.closest(".claim-show");
    if (button) screen.set(JSON.parse(button.dataset.screen), event.timeStamp);
  });
}
