/* The sentence above the planes, as app/page/landing_sentence.py writes it: whoever draws what was recorded chooses metrics, too. */

const COUNTS = { 2: "two", 3: "three" };

function joined(parts) {
  const [rest, last] = [parts.slice(0, -1), parts.at(-1)];
  return rest.length ? `${rest.join(", ")} and ${last}` : last;
}

/* `at reconstructing and generating`, or `by PSNR and by Distortion` where goals do not tell metrics apart. */
function names(labels, among, { gerunds }) {
  const count = (goal) => among.filter((one) => one.goal === goal).length;
  const isTold = ({ goal }) => goal && count(goal) === 1;
  if (labels.every(isTold)) return `at ${joined(labels.map(({ goal }) => gerunds[goal]))}`;
  return joined(labels.map((one) => (isTold(one) ? `at ${gerunds[one.goal]}` : `by ${one.title}`)));
}

/* Which of the optima are the same model. */
function comparison(optima, about) {
  if (!optima.length) return "Which is best at what was not measured.";
  const all = names(optima, optima, about);
  if (optima.length === 1) return `The best ${all} is marked.`;
  const different = new Set(optima.map(({ point }) => point)).size;
  if (different === optima.length) {
    const isShared = about.shared.some((pair) => pair.every((metric) => optima.some((one) => one.metric === metric)));
    const though = isShared ? `, though within the errors one model is best at ${different === 2 ? "both" : "two of them"}` : "";
    return `The best ${all} are ${COUNTS[different]} different ones${though}.`;
  }
  if (different === 1) return `The best ${all} are ${optima.length > 2 ? "all " : ""}the same model.`;
  const isShared = ({ point }) => optima.filter((one) => one.point === point).length > 1;
  const same = names(optima.filter(isShared), optima, about);
  const other = names(optima.filter((one) => !isShared(one)), optima, about);
  return `The best ${same} are the same model; the best ${other} is another.`;
}

/* optima: of the planes' metrics, each once, those that have one: {point, goal, title}. about: of app/export/figures.py. */
export function landingSentence(optima, about) {
  const { models, hasDots } = about;
  if (!models) return "";
  const question = `${models} model${models === 1 ? "" : "s"}, one question: what should z₂ know?`;
  const parts = [question, models > 1 && comparison(optima, about), hasDots && "Click any dot."];
  return parts.filter(Boolean).join(" ");
}
