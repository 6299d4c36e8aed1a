// @ts-check
// Tables that are sorted by a click on a column's head, and the page's numbers as files.

import { closest, find, findAll } from './events.js';

/** The order of rows before they were sorted. @type {WeakMap<HTMLElement, HTMLTableRowElement[]>} */
const orders = new WeakMap();

/** Starts the page's tables and their buttons, also those that come later. */
export function startTables() {
  document.addEventListener('click', ({ target }) => {
    const button = closest(target, 'table.sortable thead button, [data-download]');
    const data = document.getElementById('page-data')?.textContent;
    if (button?.dataset.download === 'data' && data) save('report.json', 'application/json', data);
    else if (button?.dataset.download === 'metrics')
      save('metrics.csv', 'text/csv', csvOf(find(document, 'table.metrics')));
    else if (button) sortBy(/** @type {HTMLTableCellElement} */ (button.closest('th')));
  });
}

/** A first click sorts ascending, a second descending, a third restores the order. @param {HTMLTableCellElement} head */
function sortBy(head) {
  const [body] = /** @type {HTMLTableElement} */ (head.closest('table')).tBodies;
  const original = orders.get(body) ?? [...body.rows];
  orders.set(body, original);
  const before = head.getAttribute('aria-sort');
  for (const each of findAll(/** @type {Element} */ (head.parentElement), 'th')) each.removeAttribute('aria-sort');
  if (before === 'descending') {
    body.append(...original);
    return;
  }
  const direction = before === 'ascending' ? -1 : 1;
  head.setAttribute('aria-sort', direction === 1 ? 'ascending' : 'descending');
  const { cellIndex } = head;
  body.append(...[...original].sort((a, b) => compareCells(a.cells[cellIndex], b.cells[cellIndex], direction)));
}

/** Numbers by size, texts as people count, what is not there always last. @param {HTMLTableCellElement} a @param {HTMLTableCellElement} b @param {number} direction */
function compareCells(a, b, direction) {
  const [left, right] = [a.dataset.value, b.dataset.value];
  if (left !== undefined && right !== undefined) return Math.sign(Number(left) - Number(right) || 0) * direction;
  const [missing, also] = [a, b].map((cell) => cell.dataset.value === undefined && cell.textContent === '–');
  if (missing || also) return Number(missing) - Number(also);
  return (a.textContent ?? '').localeCompare(b.textContent ?? '', 'en', { numeric: true }) * direction;
}

/** A table's cells with their exact values [RFC 4180]. @param {HTMLTableElement} table */
function csvOf(table) {
  const rows = [...table.rows].filter((row) => !row.classList.contains('groups'));
  return rows.map((row) => [...row.cells].map(csvCell).join(',')).join('\r\n');
}

/** @param {HTMLTableCellElement} cell */
function csvCell(cell) {
  const button = cell.querySelector('button');
  const shown = button ? [...button.childNodes].map((node) => node.textContent).join(' ') : (cell.textContent ?? '');
  const text = cell.dataset.value ?? (shown === '–' ? '' : shown);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** Downloads a text as a file. @param {string} name @param {string} type @param {string} text */
function save(name, type, text) {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob([text], { type }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
