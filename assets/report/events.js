// @ts-check
// How the parts of a page hear of each other: which frame is shown, which is asked for, which arms are seen.

/**
 * @typedef {{
 *   frame: number,
 *   seek: number,
 *   hide: { name: string, hidden: boolean },
 *   highlight: string | null,
 * }} PageEvents
 */

/**
 * Tells every part of the page.
 *
 * @template {keyof PageEvents} Name
 * @param {Name} name
 * @param {PageEvents[Name]} detail
 */
export function tell(name, detail) {
  document.dispatchEvent(new CustomEvent(`report-${name}`, { detail }));
}

/**
 * Hears what other parts tell.
 *
 * @template {keyof PageEvents} Name
 * @param {Name} name
 * @param {(detail: PageEvents[Name]) => void} listener
 */
export function hear(name, listener) {
  document.addEventListener(`report-${name}`, (event) => listener(/** @type {CustomEvent} */ (event).detail));
}

/**
 * The element that a selector finds, which must be there.
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
 * All elements that a selector finds.
 *
 * @template {Element} [T=HTMLElement]
 * @param {ParentNode} root
 * @param {string} selector
 * @returns {T[]}
 */
export function findAll(root, selector) {
  return /** @type {T[]} */ (/** @type {unknown} */ ([...root.querySelectorAll(selector)]));
}
