// @ts-check
// Elements of charts and of their tools.

/** Attributes by name: true for one without a value, false or undefined for none. @typedef {Record<string, unknown>} Attributes */

/** @template {Element} T @param {T} made @param {Attributes} attributes @param {(Node | string)[]} children */
function filled(made, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== false && value !== undefined) made.setAttribute(name, value === true ? '' : String(value));
  }
  made.append(...children);
  return made;
}

/**
 * Creates an SVG element.
 *
 * @template {keyof SVGElementTagNameMap} K
 * @param {K} kind
 * @param {Attributes} attributes
 * @param {(Node | string)[]} children
 */
export function svg(kind, attributes, ...children) {
  return filled(document.createElementNS('http://www.w3.org/2000/svg', kind), attributes, children);
}

/**
 * Creates an HTML element.
 *
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} kind
 * @param {string | Attributes} [what] its class, or attributes
 * @param {(Node | string)[]} children
 */
export function make(kind, what = {}, ...children) {
  const attributes = typeof what === 'string' ? { class: what.trim() || undefined } : what;
  return filled(document.createElement(kind), attributes, children);
}

/** Creates a button. @param {Attributes} attributes @param {string} text @param {() => void} onClick */
export function button(attributes, text, onClick) {
  const made = make('button', { type: 'button', class: 'button', ...attributes }, text);
  made.addEventListener('click', onClick);
  return made;
}

/**
 * A labelled choice.
 *
 * @param {string} label
 * @param {readonly { value: string, title: string, group?: string }[]} options
 * @param {string} value
 * @param {(value: string) => void} onChange
 */
export function choice(label, options, value, onChange) {
  const select = make('select');
  for (const [group, own] of Map.groupBy(options, (option) => option.group)) {
    const listed = own.map((option) => make('option', { value: option.value }, option.title));
    if (group === undefined) select.append(...listed);
    else select.append(make('optgroup', { label: group }, ...listed));
  }
  select.value = value;
  select.addEventListener('change', () => onChange(select.value));
  return make('label', 'choice', make('span', '', label), select);
}

/** A labelled checkbox. @param {string} label @param {boolean} checked @param {(checked: boolean) => void} onChange */
export function tick(label, checked, onChange) {
  const box = make('input', { type: 'checkbox', checked });
  box.addEventListener('change', () => onChange(box.checked));
  return make('label', 'check tick flow', box, ` ${label}`);
}

/** Calls `draw` when an element's width has changed. @param {HTMLElement} element @param {() => void} draw */
export function drawOnResize(element, draw) {
  let width = 0;
  new ResizeObserver(([entry]) => {
    if (Math.abs(entry.contentRect.width - width) < 1) return;
    width = entry.contentRect.width;
    draw();
  }).observe(element);
}
