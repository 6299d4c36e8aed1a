// @ts-check
// Events between the parts of a page: the shown frame, the requested frame, hidden, highlighted and picked arms, and zoom.

/**
 * @typedef {{
 *   frame: number,
 *   seek: number,
 *   hide: { name: string, hidden: boolean },
 *   highlight: string | null,
 *   pick: ReadonlySet<string> | null,
 *   zoom: { group: string, range: [from: number, to: number] | null },
 * }} PageEvents
 */

/**
 * Sends an event to every part of the page.
 *
 * @template {keyof PageEvents} Name
 * @param {Name} name
 * @param {PageEvents[Name]} detail
 */
export function tell(name, detail) {
  document.dispatchEvent(new CustomEvent(`report-${name}`, { detail }));
}

/**
 * Listens to an event of other parts.
 *
 * @template {keyof PageEvents} Name
 * @param {Name} name
 * @param {(detail: PageEvents[Name]) => void} listener
 */
export function hear(name, listener) {
  document.addEventListener(`report-${name}`, (event) => listener(/** @type {CustomEvent} */ (event).detail));
}

/** Names of the hidden arms. @type {Set<string>} */
export const hiddenLines = new Set();
hear('hide', ({ name, hidden }) => {
  if (hidden) hiddenLines.add(name);
  else hiddenLines.delete(name);
});

/**
 * The element of a selector, which must exist.
 *
 * @template {Element} [T=HTMLElement]
 * @param {ParentNode} root
 * @param {string} selector
 * @returns {T}
 */
export function find(root, selector) {
  const found = root.querySelector(selector);
  if (!found) throw new Error(`the page has no ${selector}`);
  return /** @type {T} */ (/** @type {unknown} */ (found));
}

/**
 * All elements of a selector.
 *
 * @template {Element} [T=HTMLElement]
 * @param {ParentNode} root
 * @param {string} selector
 * @returns {T[]}
 */
export function findAll(root, selector) {
  return /** @type {T[]} */ (/** @type {unknown} */ ([...root.querySelectorAll(selector)]));
}

/**
 * The nearest element around the target of an event that fits a selector.
 *
 * @template {HTMLElement} [T=HTMLElement]
 * @param {EventTarget | null} target
 * @param {string} selector
 * @returns {T | null}
 */
export function closest(target, selector) {
  return target instanceof Element ? target.closest(selector) : null;
}
