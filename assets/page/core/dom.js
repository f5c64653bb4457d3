/* Elements that Dash has no component for. React leaves the children of an empty <div> to us. */
const SVG = "http://www.w3.org/2000/svg";

/* An HTML element with a class, a text and properties. */
export function element(tag, className = "", text = "", properties = {}) {
  const made = Object.assign(document.createElement(tag), properties);
  if (className) made.className = className;
  if (text) made.textContent = text;
  return made;
}

/* An SVG element with attributes and children. */
export function svg(tag, attributes = {}, children = []) {
  const made = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}
