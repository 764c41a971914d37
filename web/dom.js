// Small DOM helpers. None parses text as HTML, which rules out injection.

export const byId = (id) => document.getElementById(id);

const SVG = 'http://www.w3.org/2000/svg';

function fill(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== undefined && value !== null && value !== false) element.setAttribute(name, value === true ? '' : value);
  }
  element.append(...children);
  return element;
}

export const html = (name, attributes = {}, ...children) => fill(document.createElement(name), attributes, children);
export const svg = (name, attributes = {}, ...children) => fill(document.createElementNS(SVG, name), attributes, children);

// Writes only on a difference, so that screen readers do not announce an unchanged live region.
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

// An icon from the page's sprite.
export function icon(name, className = 'icon') {
  return svg('svg', { class: className, 'aria-hidden': 'true' }, svg('use', { href: `#${name}` }));
}
