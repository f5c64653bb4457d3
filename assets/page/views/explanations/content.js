/* The explanations: fetched when the page has been shown, or when a visitor asks for one. */
import { request } from "../../server/requests.js";
import { EXPLANATIONS } from "../../server/server-addresses.js";

let coming = null;

/* A promise of {about, records, of_metrics, tour}, as app/page/explanations describes them. */
export function explanations() {
  coming ??= request(EXPLANATIONS)
    .then((response) => response.json())
    .catch((error) => {
      coming = null; // the next one who asks tries again
      throw error;
    });
  return coming;
}

/* When the browser has nothing else to do. */
export function whenIdle(act) {
  if (window.requestIdleCallback) window.requestIdleCallback(act, { timeout: 3000 });
  else setTimeout(act, 300);
}
