/* The ∑ beside metrics and bounds: unfolds the equation and two sentences of what is chosen there. */
import { chosenWith } from "../../controls/figure-choices.js";
import { screen } from "../../core/screen.js";
import { explain, hideExplanation, isExplaining } from "./card.js";
import { explanations, whenIdle } from "./content.js";

/* The records that a ∑ is about at present. */
function recordsOf(button, { records, of_metrics: ofMetrics }) {
  const names = button.dataset.explains.split(" ").map((name) => name.replace(/\{(.+)\}/, (_, control) => chosenWith(control)));
  return names.map((name) => records[ofMetrics[name] ?? name]).filter(Boolean);
}

/* Name each ∑ after what it explains; one of a metric without an explanation is hidden. */
async function nameAll() {
  const all = await explanations();
  for (const button of document.querySelectorAll(".equation-button")) {
    const records = recordsOf(button, all);
    button.hidden = !records.length;
    button.setAttribute("aria-label", `Equation: ${records.map(({ title }) => title).join("; ")}`);
  }
}

async function toggle(button) {
  if (isExplaining(button)) hideExplanation();
  else explain(button, recordsOf(button, await explanations()), true);
}

export function start() {
  whenIdle(() => nameAll().catch(() => {}));
  screen.subscribe((current, former) => {
    if (!former) return;
    whenIdle(() => nameAll().catch(() => {}));
  });
  document.addEventListener("click", ({ target }) => {
    const button = target.closest(".equation-button");
    if (button) toggle(button).catch(() => {}); // the line at the window's foot says that the server is away
  });
}
