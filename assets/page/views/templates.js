/* Templates of text; app/pictures/python_code.py describes their syntax. */

const TAG_ALONE = /^(\{\{[?^#/][^}]+\}\})\n/gm;
const PART = /\{\{([?^#])([^}]+)\}\}([\s\S]*?)\{\{\/\2\}\}|\{\{([^}]+)\}\}/g;

function filled(template, given, otherwise) {
  return template.replace(PART, (_, sign, condition, inner, name) => {
    if (name) return given[name] ?? otherwise[name];
    const [about, wanted] = condition.split("=");
    const value = given[about] ?? "";
    if (sign === "#") return [...value].map((entry) => filled(inner, { ...given, ...entry }, otherwise)).join("");
    const isThere = wanted === undefined ? value.length > 0 : value === wanted;
    return isThere === (sign === "?") ? filled(inner, given, otherwise) : "";
  });
}

/* Fill a template. values: name → text, or a list of such objects. otherwise: for names without a value. */
export function fill(template, given, otherwise = {}) {
  return filled(template.replace(TAG_ALONE, "$1"), given, otherwise);
}
