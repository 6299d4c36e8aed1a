// @ts-check
// Tables that are sorted by a click on a column's head, and the page's numbers as files.

import { find, findAll } from './events.js';

/** Starts the page's tables and their buttons. */
export function startTables() {
  /** @type {HTMLTableElement[]} */
  const tables = findAll(document, 'table.sortable');
  for (const table of tables) startSorting(table);
  for (const button of findAll(document, '[data-download]')) {
    button.addEventListener('click', () => {
      const data = document.getElementById('page-data')?.textContent;
      if (button.dataset.download === 'data' && data) save('report.json', 'application/json', data);
      if (button.dataset.download === 'metrics')
        save('metrics.csv', 'text/csv', csvOf(find(document, 'table.metrics')));
    });
  }
}

/** A first click sorts ascending, a second descending, a third restores the order. @param {HTMLTableElement} table */
function startSorting(table) {
  const body = table.tBodies[0];
  const original = [...body.rows];
  /** @type {HTMLTableCellElement[]} */
  const heads = findAll(table, 'thead tr:last-child th');
  for (const [column, head] of heads.entries()) {
    find(head, 'button').addEventListener('click', () => {
      const before = head.getAttribute('aria-sort');
      for (const each of heads) each.removeAttribute('aria-sort');
      if (before === 'descending') {
        body.append(...original);
        return;
      }
      const direction = before === 'ascending' ? -1 : 1;
      head.setAttribute('aria-sort', direction === 1 ? 'ascending' : 'descending');
      body.append(...[...original].sort((a, b) => compareCells(a.cells[column], b.cells[column], direction)));
    });
  }
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
