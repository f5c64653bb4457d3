/* How an address says the state. `fields` of app/page/state.py says what is valid. */

/* What one field's text stands for: {value, refused}. value: undefined where it stands for nothing; refused: what is
 * not here, in words. */
function parse(field, text, isPoint) {
  const list = text === "" ? [] : text.split(",");
  const only = (isValid, value) => (isValid ? { value, refused: "" } : { refused: text });
  switch (field.kind) {
    case "choice":
      return only(Object.hasOwn(field.choices, text), text);
    case "choices":
      return only(list.length === field.length && list.every((one) => Object.hasOwn(field.choices, one)), list);
    case "integer":
      return only(/^[0-9]{1,10}$/.test(text) && Number(text) <= field.most, Number(text));
    case "point":
      return only(isPoint(text), text);
    case "points": {
      const here = [...new Set(list.filter(isPoint))].slice(0, field.most);
      return { value: here, refused: list.filter((one) => !here.includes(one)).join(",") };
    }
    case "images": {
      const [least, most] = field.length;
      const areHere = list.every((one) => /^[0-9]{1,6}$/.test(one) && Number(one) < field.count);
      return only(areHere && list.length >= least && list.length <= most, text);
    }
    case "text":
      return only(text.length <= field.most && new RegExp(`^(?:${field.pattern})$`).test(text), text);
  }
  return { refused: text };
}

/* What an address says: {values, refused}. values: field → value, as far as it is valid. refused: field → the text
 * that stands for nothing here. isPoint(name): whether this atlas has the point. */
export function readAddress(search, fields, isPoint) {
  const said = new URLSearchParams(search);
  const [values, refused] = [{}, {}];
  for (const [name, field] of Object.entries(fields)) {
    const text = said.get(name);
    if (text === null) continue;
    const its = parse(field, text, isPoint);
    if (its.value !== undefined) values[name] = its.value;
    if (its.refused) refused[name] = its.refused;
  }
  return { values, refused };
}

/* The query of a state: atlas, view and point always; the rest where it is not what a visitor sees first. */
export function writeAddress(state, fields, first) {
  const said = new URLSearchParams({ atlas: state.atlas });
  for (const name of Object.keys(fields)) {
    const text = String(state[name] ?? "");
    if (name === "view" || name === "point" || text !== String(first[name] ?? "")) said.set(name, text);
  }
  return said.toString().replaceAll("%2C", ",").replaceAll("%3A", ":");
}
