/* The answer to the callback that draws a view's figures: app/page/widgets/figure_row.py. */
import { drawnBeside } from "../page/figures/recorded/beside.js";
import { chosenOf, drawnFor, graph } from "../page/figures/recorded/board.js";

const BOARD = /(?:^|\.)([\w-]+)-drawn\.data(?:\.|$)/;

/* What Dash is to do, or null where nothing changes. other: the atlas beside this one, or null. output: of the callback;
 * look: what is chosen; former: for what the figures of the view were drawn before. */
export function figuresAnswer(figures, other, version, output, look, former) {
  const view = BOARD.exec(output)?.[1];
  if (!view || look.view !== view) return null;
  const chosen = chosenOf(look);
  const wanted = JSON.stringify({ ...chosen, version });
  const parts = former === wanted ? null : drawnBeside(figures, other, view, look);
  if (!parts) return null;
  const response = { [`${view}-drawn`]: { data: wanted } };
  const sideUpdate = {};
  const { graphConfig, isDrawnAtFirst } = figures.recorded;
  parts.forEach(({ figure, note, around }, index) => {
    Object.assign(sideUpdate, around);
    const drawn = drawnFor(figure, chosen);
    response[`${view}-note-${index}`] = { children: note };
    if (former || isDrawnAtFirst.includes(view)) sideUpdate[`${view}-${index}`] = { figure: drawn };
    else response[`${view}-place-${index}`] = { children: graph(`${view}-${index}`, drawn, graphConfig) };
  });
  return { multi: true, response, sideUpdate };
}
