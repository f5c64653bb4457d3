/* The figures of the first view. They are put in their places when the first pictures are on the screen: plotly, which
 * draws them, takes a second to begin, and nothing else is drawn meanwhile.
 *
 * Event of `document`:  hvae:figures {waitUntil}   figures are about to be placed; waitUntil(promise) makes them wait
 */
const PICTURES = 3; // of a model beside the figures
const PATIENCE_MS = 2000; // without pictures

/* Put figures in their places, id of the place → its children, after the first pictures. */
export function placeFigures(figures) {
  let pictures = 0;
  let isDone = false;

  async function place() {
    if (isDone) return;
    isDone = true;
    const awaited = [];
    const waitUntil = (promise) => awaited.push(promise);
    document.dispatchEvent(new CustomEvent("hvae:figures", { detail: { waitUntil } }));
    await Promise.all(awaited);
    for (const [id, children] of Object.entries(figures)) window.dash_clientside.set_props(id, { children });
  }

  function count() {
    pictures += 1;
    if (pictures === PICTURES) requestAnimationFrame(() => setTimeout(place)); // painted by then
  }

  document.addEventListener("hvae:drawn", count);
  document.addEventListener("hvae:failed", count);
  setTimeout(place, PATIENCE_MS);
}
