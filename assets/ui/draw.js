// @ts-check
// Elements of charts and of their tools.

/**
 * Creates an SVG element.
 *
 * @template {keyof SVGElementTagNameMap} K
 * @param {K} kind
 * @param {Record<string, string | number>} attributes
 * @param {string} [text]
 * @returns {SVGElementTagNameMap[K]}
 */
export function svg(kind, attributes, text = '') {
  const made = document.createElementNS('http://www.w3.org/2000/svg', kind);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, String(value));
  if (text) made.textContent = text;
  return made;
}

/** Creates an HTML element. @param {string} kind @param {string} [className] @param {string} [text] */
export function make(kind, className = '', text = '') {
  const made = document.createElement(kind);
  if (className) made.className = className;
  if (text) made.textContent = text;
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
  const place = make('label', 'choice');
  const select = document.createElement('select');
  /** @type {Map<string, HTMLElement>} */
  const groups = new Map();
  for (const each of options) {
    const option = document.createElement('option');
    option.value = each.value;
    option.textContent = each.title;
    if (each.group === undefined) select.append(option);
    else {
      let group = groups.get(each.group);
      if (group === undefined) {
        group = document.createElement('optgroup');
        group.setAttribute('label', each.group);
        groups.set(each.group, group);
        select.append(group);
      }
      group.append(option);
    }
  }
  select.value = value;
  select.addEventListener('change', () => onChange(select.value));
  place.append(make('span', '', label), select);
  return place;
}

/** A labelled checkbox. @param {string} label @param {boolean} checked @param {(checked: boolean) => void} onChange */
export function tick(label, checked, onChange) {
  const place = make('label', 'check tick');
  const box = document.createElement('input');
  box.type = 'checkbox';
  box.checked = checked;
  box.addEventListener('change', () => onChange(box.checked));
  place.append(box, ` ${label}`);
  return place;
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
