/* What the chosen judge of samples is worth where the selected model is concerned: how sure it is of the model's
 * reconstructions of test images, whose labels are known, and how often it is right. */
import { element } from "../core/dom.js";
import { screen } from "../core/screen.js";

/* A share as words with a bar below it. */
function share(text, value, words) {
  const made = element("span", "judge-share");
  made.append(element("b", "", text), ` ${words}`, element("i"));
  made.style.setProperty("--share", value);
  return made;
}

function write() {
  const place = document.getElementById("judge-sureness");
  if (!place) return;
  const { judge, point } = screen.current;
  const its = screen.points[point]?.judges?.[judge];
  if (!its) place.replaceChildren("How sure and how right the judge is was not measured for this model.");
  else {
    place.replaceChildren(
      element("span", "", "On this model’s reconstructions of test images it is"),
      share(its.texts[0], its.confidence, "sure"),
      share(its.texts[1], its.right, "right"),
    );
  }
}

export function start() {
  screen.subscribe((current, former) => {
    if (!former || former.point !== current.point || former.judge !== current.judge) write();
  });
}
