/* Equations as elements: from what app/page/explanations/mathml.py makes of TeX. */
const MATHML = "http://www.w3.org/1998/Math/MathML";

/* An element from [name, {attributes}?, ...children or text]. Operators stretch only if they say so. */
export function mathElement([name, ...parts]) {
  const made = document.createElementNS(MATHML, name);
  if (name === "mo") made.setAttribute("stretchy", "false");
  for (const part of parts) {
    if (Array.isArray(part)) made.append(mathElement(part));
    else if (typeof part === "string") made.append(part);
    else for (const [attribute, value] of Object.entries(part)) made.setAttribute(attribute, value);
  }
  return made;
}
