/* Figures as app/export/figures.py recorded them, put together again. */
import { landingSentence } from "./landing-sentence.js";
import { landscape } from "./landscape.js";

const REFERENCE = "$";

/* Whether a value is an object that is no array. */
function isObject(value) {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export class Recorded {
  #pool;
  #known = [];

  /* recorded: what app/export/figures.py returns. */
  constructor(recorded) {
    this.recorded = recorded;
    this.#pool = recorded.pool;
  }

  /* A value whose parts are references into the pool: app/export/pool.py. */
  value(packed) {
    if (Array.isArray(packed)) return packed.map((one) => this.value(one));
    if (!isObject(packed)) return packed;
    if (REFERENCE in packed) return (this.#known[packed[REFERENCE]] ??= this.value(this.#pool[packed[REFERENCE]]));
    return Object.fromEntries(Object.entries(packed).map(([name, one]) => [name, this.value(one)]));
  }

  get views() {
    return this.recorded.views;
  }

  /* The colours of all points for a choice of colour, in the order of `points`. */
  colours(colour) {
    const { colours } = this.recorded;
    return this.value(Object.hasOwn(colours, colour) ? colours[colour] : Object.values(colours)[0]);
  }

  /* A view's figures for a look, [{figure, note, around}], as `Drawn` of app/page/widgets/figure_row.py; null for a view
   * that has none. */
  drawn(view, look) {
    const { landscapes } = this.recorded;
    if (landscapes && view === landscapes.view) return this.#landscapes(landscapes, look);
    const its = this.views[view];
    if (!its) return null;
    return this.value(its.drawn[choiceOf(its.fields, look)]).map(({ figure, note, around }) => ({
      figure: this.#coloured(figure, look),
      note,
      around,
    }));
  }

  #landscapes(its, look) {
    const isKnown = look.sizes?.length && look.sizes.every((size) => Object.hasOwn(its.planes, size));
    const sizes = isKnown ? look.sizes : its.first;
    const place = choiceOf(its.fields, look);
    const planes = sizes.map((metric) => this.value(its.planes[metric][place]));
    const { id, titles } = its.sentence;
    const labels = new Map(planes.map(({ label }) => label).filter(Boolean).map((label) => [label.metric, label]));
    const optima = [...labels.values()].map((label) => ({ ...label, title: titles[label.metric] }));
    const sentence = { [id]: { children: landingSentence(optima, its.sentence) } };
    return planes.map(({ figure, note, headings }, index) => ({
      figure: this.#coloured(landscape(figure, sizes[index], planes, its), look),
      note,
      around: { ...sentence, ...headings[index] },
    }));
  }

  /* A figure whose dots, which are recorded in the order of the table, are plotly's traces. */
  #coloured(figure, look) {
    const colours = this.colours(look.colour);
    return { ...figure, data: figure.data.map((trace) => (trace.dots ? dots(trace, this.recorded, colours) : trace)) };
  }
}

/* How the choice among a view's figures is called: the first choice of a field where a look names none that there is. */
function choiceOf(fields, look) {
  return fields
    .map(({ name, choices }) => (choices.includes(look[name]) ? look[name] : choices[0]))
    .join(" ");
}

/* A trace of dots: `order` of `rows`, which are places in the table, and for each array of the trace its values there. */
function dots({ dots: { rows, order, arrays, card, path }, ...trace }, { points }, colours) {
  const inOrder = Object.entries(arrays).map(([name, values]) => [name, order.map((at) => values[at])]);
  const all = [...inOrder, [path.colour, order.map((at) => colours[rows[at]])]];
  return {
    ...all.reduce((made, [name, values]) => withPart(made, name.split("."), values), trace),
    ids: order.map((at) => points[rows[at]]),
    customdata: order.map((at) => card.map(({ title, texts }) => [title, texts[at]])),
  };
}

/* An object with another value in the place that names lead to. Parts are shared by many figures: none is changed. */
function withPart(object, [name, ...inner], value) {
  return { ...object, [name]: inner.length ? withPart(object[name], inner, value) : value };
}
