/* Shortcuts of a single letter, digit or sign, which a visitor can switch off: who dictates text would press them. */
import { remember, remembered } from "./remembered.js";

const [NAME, OFF, ON] = ["shortcuts", "off", "on"];
let areOn = true;

/* Whether a key may act as a shortcut at present. */
export function mayAct(key) {
  return areOn || key.length > 1 || key === " ";
}

function show() {
  document.getElementById("shortcuts-switch").setAttribute("aria-checked", areOn);
  for (const row of document.querySelectorAll("#keys .key-list > div")) {
    const isOne = [...row.querySelector("kbd").textContent][0].match(/[a-z0-9?]/);
    row.classList.toggle("is-off", !areOn && Boolean(isOne));
  }
}

export function start() {
  areOn = remembered(NAME) !== OFF;
  show();
  document.addEventListener("click", ({ target }) => {
    if (!target.closest("#shortcuts-switch")) return;
    areOn = !areOn;
    remember(NAME, areOn ? ON : OFF);
    show();
  });
}
