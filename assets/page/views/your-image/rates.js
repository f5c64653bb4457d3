/* How many nats each layer spends on the visitor's image.
 *
 * They are asked for like pictures: one request at a time, the latest wish next.
 */
import { numbersHere } from "../../core/models/models.js";
import { rateOnScreen } from "../../core/point-numbers.js";
import { request } from "../../server/requests.js";
import { screen } from "../../core/screen.js";
import { ratesAddress } from "../../server/server-addresses.js";
import { showOwnFlow } from "./flow.js";

let wish = null;
let busy = false;
let address = ""; // of the last answer
let lost = ""; // the address to ask for when the server can be reached again
let rates = null; // the last answer
let cleared = 0; // counts the times that the image was cleared

/* Ask for the rates of an image under the selected model, and show them. */
export function askRates(image) {
  const { atlas, point } = screen.current;
  lost = "";
  return askFor(ratesAddress(atlas, point, image));
}

/* Forget the image: the next one has nothing to do with it. */
export function forgetRates() {
  cleared += 1;
  [wish, rates, address, lost] = [null, null, "", ""];
  showRates();
}

async function askFor(url) {
  wish = url === address ? null : url;
  if (busy) return;
  busy = true;
  while (wish) {
    const [current, before] = [wish, cleared];
    wish = null;
    try {
      const here = await numbersHere(current);
      const answer = here ?? (await (await request(current, () => !wish)).json());
      if (before !== cleared) continue;
      [rates, address] = [answer.images[0], current];
    } catch (error) {
      if (before !== cleared) continue;
      [rates, address] = [null, ""]; // its pictures say why
      lost = error.nextTry ? current : "";
      error.nextTry?.then(() => lost === current && askFor(current));
    }
    showRates();
  }
  busy = false;
}

/* Write the last answer into the bars, beside the model's mean rates, and into the diagram. */
export function showRates() {
  const bars = document.querySelector(".rate-bars");
  const means = screen.points[screen.current.point]?.numbers || {};
  const most = 1.25 * Number(bars.dataset.most);
  for (const row of bars.querySelectorAll(".rate-row")) {
    const { latent } = row.dataset;
    const nats = rates?.[`rate_${latent}`] ?? NaN;
    const mean = means[`rate_${latent}`];
    const share = (value) => `${100 * Math.min(1, Math.max(0, value / most || 0))}%`;
    const track = row.querySelector(".rate-track");
    row.querySelector(".rate-fill").style.width = share(nats);
    track.style.setProperty("--mean", share(mean));
    track.classList.toggle("has-mean", Number.isFinite(mean));
    row.querySelector(".rate-number").textContent = rateOnScreen(nats);
  }
  for (const number of document.querySelectorAll(".own-stats [data-number]")) {
    number.textContent = rateOnScreen(rates?.[number.dataset.number] ?? NaN);
  }
  showOwnFlow(rates, new URL(address, location.href).searchParams.get("image"));
}
