/* What stands on the page with a view's figures, as app/page/widgets/figure_row.py has it. */

const NOT_DRAWN_FOR = ["view", "lecture"]; // the fields of a look that no figure depends on

/* A component, as Dash takes it. */
function component(namespace, type, props) {
  return { namespace, type, props };
}

/* What stands in the place of a figure: the same as `_graph` there. */
export function graph(id, figure, config) {
  return [
    component("dash_core_components", "Graph", { id, figure, responsive: true, config, className: "figure-graph" }),
    component("dash_html_components", "Div", { children: null, className: "ring" }),
    component("dash_html_components", "Div", { children: null, className: "fold-mark", hidden: true }),
    component("dash_html_components", "Div", { children: null, className: "optima" }),
  ];
}

/* What figures depend on, of what is chosen. */
export function chosenOf(look) {
  return Object.fromEntries(Object.entries(look).filter(([name]) => !NOT_DRAWN_FOR.includes(name)));
}

/* A figure that says for which choice it was drawn. */
export function drawnFor(figure, chosen) {
  return { ...figure, layout: { ...figure.layout, meta: { ...figure.layout.meta, look: chosen } } };
}
