/* The worker for pictures, and the files that the first ones are made from.
 *
 * The page's HTML runs this module before anything else, so that the worker has begun and has these files when Dash
 * stands: it names them in links to files that are fetched ahead (app/server/requested_atlas.py).
 */
import { Runner } from "./runner.js";

export const pictures = new Runner(10000);

pictures.start();
for (const link of document.querySelectorAll("link[data-atlas]")) {
  const { atlas, name } = link.dataset;
  const file = { name, url: link.getAttribute("href") };
  // What is wrong with a file, the first picture that needs it finds out.
  (name ? pictures.load(file) : pictures.loadImages(atlas, file)).catch(() => {});
}
