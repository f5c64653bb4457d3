/* The answer to the callback that draws a view's figures: app/page/widgets/figure_row.py. */

const BOARD = /(?:^|\.)([\w-]+)-drawn\.data(?:\.|$)/;
const NOT_DRAWN_FOR = ["view", "lecture"]; // the fields of a look that no figure depends on

/* A component, as Dash takes it. */
function component(namespace, type, props) {
  return { namespace, type, props };
}

function graph(id, figure, config) {
  return [
    component("dash_core_components", "Graph", { id, figure, responsive: true, config, className: "figure-graph" }),
    component("dash_html_components", "Div", { children: null, className: "ring" }),
    component("dash_html_components", "Div", { children: null, className: "fold-mark", hidden: true }),
    component("dash_html_components", "Div", { children: null, className: "optima" }),
  ];
}

/* What Dash is to do, or null where nothing changes. output: of the callback; look: what is chosen; former: for what the
 * figures of the view were drawn before. */
export function figuresAnswer(figures, version, output, look, former) {
  const view = BOARD.exec(output)?.[1];
  if (!view || look.view !== view) return null;
  const chosen = Object.fromEntries(Object.entries(look).filter(([name]) => !NOT_DRAWN_FOR.includes(name)));
  const wanted = JSON.stringify({ ...chosen, version });
  const parts = former === wanted ? null : figures.drawn(view, look);
  if (!parts) return null;
  const response = { [`${view}-drawn`]: { data: wanted } };
  const sideUpdate = {};
  const { graphConfig, isDrawnAtFirst } = figures.recorded;
  parts.forEach(({ figure, note, around }, index) => {
    Object.assign(sideUpdate, around);
    const drawn = { ...figure, layout: { ...figure.layout, meta: { ...figure.layout.meta, look: chosen } } };
    response[`${view}-note-${index}`] = { children: note };
    if (former || isDrawnAtFirst.includes(view)) sideUpdate[`${view}-${index}`] = { figure: drawn };
    else response[`${view}-place-${index}`] = { children: graph(`${view}-${index}`, drawn, graphConfig) };
  });
  return { multi: true, response, sideUpdate };
}
