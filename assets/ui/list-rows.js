// @ts-check
// The table's rows: only the visible ones are in the page.

import { cellText, columnTitle, durationText, numberText, timeText } from './list-text.js';
import { frameOf } from './preview.js';

/**
 * @typedef {{ field: string, kind: string, key: string, differs: boolean, count: number, numeric?: boolean }} Column
 * @typedef {{ mean: number, deviation: number | null } | string | number | null} GroupCell
 * @typedef {{ group: string, title: string, count: number, open: boolean, cells?: GroupCell[] }} GroupRow
 * @typedef {{
 *   place: string, name: string, label: string, experiment: string, status: string, start: string, end?: string, error?: string,
 *   depth: number, parts?: { group: string, count: number, open: boolean }, progress?: { step: number, of?: number },
 *   cells: (string | number | null)[],
 * }} RunRow
 * @typedef {GroupRow | RunRow} Row
 * @typedef {{ rows: Map<number, Row>, rowCount: number, columns: Column[], chosen: Set<string>, active: number, sort: string[] }} View
 */

/** Height of a row in pixels, as in list.css. */
export const ROW = 34;
/** Number of rows drawn beyond the visible ones, at each end. */
const BEYOND = 12;
/** Columns that every table has, before and after its own: the fields that sort them, and their widths in pixels. */
const BEFORE = [
  { field: 'run_name', title: 'run', width: 270 },
  { field: 'status', title: 'status', width: 110 },
];
const AFTER = [
  { field: 'start_time', title: 'started', width: 140 },
  { field: 'duration', title: 'took', width: 80 },
];
const BOX = 38;

/**
 * The widths of the table's columns: as wide as needed, and wider if there is space. In pixels, so that the head and every
 * row agree.
 *
 * @param {Column[]} columns
 * @param {number} space
 */
export function columnTemplate(columns, space) {
  const own = columns.map((column) => {
    const title = 32 + 7.6 * columnTitle(column).length + (column.differs && column.kind === 'params' ? 18 : 0);
    return Math.min(150, Math.max(column.numeric ? 84 : 110, title));
  });
  const widths = [...BEFORE.map(({ width }) => width), ...own, ...AFTER.map(({ width }) => width)];
  const left = space - BOX - widths.reduce((sum, width) => sum + width, 0);
  // The name takes most of the remaining width, up to the width of long names.
  const forName = Math.min(Math.max(0, left), 220);
  const each = Math.max(0, left - forName) / widths.length;
  return [BOX, ...widths.map((width, i) => Math.floor(width + each + (i === 0 ? forName : 0)))];
}

/** Draws the head of the table. @param {HTMLElement} head @param {View} view @param {boolean} all whether all runs are chosen */
export function drawHead(head, { columns, sort }, all) {
  const row = element('div', 'row head');
  row.setAttribute('role', 'row');
  row.setAttribute('aria-rowindex', '1');
  const box = element('div', 'cell box');
  box.setAttribute('role', 'columnheader');
  const check = /** @type {HTMLInputElement} */ (element('input'));
  check.type = 'checkbox';
  check.checked = all;
  check.dataset.do = 'choose-all';
  check.setAttribute('aria-label', 'Choose all runs that are loaded');
  check.tabIndex = -1;
  box.append(check);
  row.append(box);
  const fixed = (/** @type {typeof BEFORE[0]} */ { field, title }) => ({
    ...{ field, title, note: '', kind: 'fixed', differs: false, numeric: field === 'duration' },
  });
  const own = columns.map((column) => ({ ...column, title: columnTitle(column), note: noteOf(column) }));
  const heads = [...BEFORE.map(fixed), ...own, ...AFTER.map(fixed)];
  for (const { field, title, kind, differs, numeric, note } of heads) {
    const cell = element(
      'div',
      `cell ${numeric ? 'number' : ''} ${kind}${differs && kind === 'params' ? ' differs' : ''}`,
    );
    cell.setAttribute('role', 'columnheader');
    const place = sort.findIndex((each) => each.replace(/^-/, '') === field);
    if (place >= 0) cell.setAttribute('aria-sort', sort[place].startsWith('-') ? 'descending' : 'ascending');
    const button = element('button', 'sort');
    button.setAttribute('type', 'button');
    button.tabIndex = -1;
    button.dataset.sort = field;
    button.title = `${field}${note}; click to sort, Shift adds`;
    button.append(title);
    if (differs && kind === 'params') {
      const mark = element('span', 'differs-sign', '≠');
      mark.title = 'differs between these runs';
      button.append(mark);
    }
    if (place >= 0)
      button.append(
        element('span', 'sort-sign', (sort[place].startsWith('-') ? '↓' : '↑') + (sort.length > 1 ? place + 1 : '')),
      );
    cell.append(button);
    row.append(cell);
  }
  head.replaceChildren(row);
}

/** @param {Column} column */
function noteOf({ kind, differs, count }) {
  return kind !== 'params' ? '' : differs ? ', differs between these runs' : `, the same in all ${count} that have it`;
}

/** Draws the visible rows. @param {HTMLElement} frame @param {HTMLElement} body @param {View} view */
export function drawRows(frame, body, view) {
  const { from, to } = seenRows(frame, view.rowCount);
  const rows = [];
  for (let i = from; i < to; i++) {
    const data = view.rows.get(i);
    const row =
      data === undefined ? element('div', 'row loading') : 'group' in data ? groupRow(data, view) : runRow(data, view);
    row.style.top = `${i * ROW}px`;
    row.id = `row-${i}`;
    row.dataset.index = String(i);
    row.setAttribute('role', 'row');
    row.setAttribute('aria-rowindex', String(i + 2));
    row.classList.toggle('active', i === view.active);
    rows.push(row);
  }
  body.style.height = `${view.rowCount * ROW}px`;
  body.replaceChildren(...rows);
}

/** The range of visible rows, and some beyond. @param {HTMLElement} frame @param {number} count */
export function seenRows(frame, count) {
  const first = Math.floor(frame.scrollTop / ROW);
  const seen = Math.ceil(frame.clientHeight / ROW);
  return { from: Math.max(0, first - BEYOND), to: Math.min(count, first + seen + BEYOND) };
}

/** @param {GroupRow} data @param {View} view */
function groupRow({ group, title, count, open, cells }, { columns }) {
  const row = element('div', `row group${cells ? ' means' : ''}`);
  const name = element('div', 'cell name');
  const own = [foldButton(group, open, title), element('b', '', title)];
  name.append(...own, element('small', '', `${count} ${count === 1 ? 'run' : 'runs'}`));
  if (!cells) row.append(name);
  else {
    const values = cells.map((value, i) => {
      const cell = element('div', `cell ${columns[i]?.numeric ? 'number' : 'text'}`);
      const isMean = value !== null && typeof value === 'object';
      cell.textContent = isMean ? numberText(value.mean) : cellText(value, columns[i]);
      if (isMean && value.deviation !== null) {
        cell.append(element('small', '', `±${numberText(value.deviation, 2)}`));
        cell.title = `mean of ${count} runs, standard deviation ${value.deviation}`;
      }
      return cell;
    });
    row.append(
      element('div', 'cell'),
      name,
      element('div', 'cell'),
      ...values,
      element('div', 'cell'),
      element('div', 'cell'),
    );
  }
  for (const cell of row.children) cell.setAttribute('role', 'gridcell');
  return row;
}

/** @param {RunRow} run @param {View} view */
function runRow(run, { columns, chosen }) {
  const { place, name, label, experiment, status, start, error, depth, parts, progress, cells } = run;
  const row = element('div', `row run depth-${depth}`);
  const isChosen = chosen.has(place);
  row.setAttribute('aria-selected', String(isChosen));
  row.dataset.place = place;

  const box = element('div', 'cell box');
  const check = /** @type {HTMLInputElement} */ (element('input'));
  check.type = 'checkbox';
  check.checked = isChosen;
  check.tabIndex = -1;
  check.dataset.do = 'choose';
  check.setAttribute('aria-label', `Choose ${name}`);
  box.append(check);

  const title = element('div', 'cell name');
  if (parts) title.append(foldButton(parts.group, parts.open, name));
  const link = /** @type {HTMLAnchorElement} */ (element('a', '', label));
  link.href = `/compare?run=${encodeURIComponent(place).replaceAll('%2F', '/')}`;
  link.tabIndex = -1;
  link.title = label === name ? place : `${name} (${place})`;
  const thumb = frameOf(place);
  if (thumb) title.append(thumb);
  title.append(link, element('small', '', parts ? `${experiment} · ${parts.count} parts` : experiment));

  const state = element('div', `cell status ${status}`);
  state.append(element('span', `badge ${status}`, status));
  if (error) state.title = error;
  if (progress) {
    const bar = element('span', 'progress');
    bar.title = progress.of ? `step ${progress.step} of ${progress.of}` : `step ${progress.step}`;
    if (progress.of) bar.style.setProperty('--done', `${(100 * progress.step) / progress.of}%`);
    else bar.append(`step ${progress.step}`);
    bar.classList.toggle('known', progress.of !== undefined);
    state.append(bar);
  }
  const started = element('div', 'cell time', timeText(start));
  started.title = new Date(start).toLocaleString();
  row.append(box, title, state);
  for (const [i, value] of cells.entries()) {
    const column = columns[i];
    const cell = element(
      'div',
      `cell ${column?.numeric ? 'number' : 'text'}${column?.kind === 'params' && !column.differs ? ' same' : ''}`,
    );
    const text = cellText(value, column);
    cell.textContent = text;
    if (value === null) cell.classList.add('none');
    else cell.title = String(value);
    row.append(cell);
  }
  row.append(started, element('div', 'cell number time', durationText(run)));
  for (const cell of row.children) cell.setAttribute('role', 'gridcell');
  return row;
}

/** @param {string} group @param {boolean} open @param {string} title */
function foldButton(group, open, title) {
  const button = element('button', 'fold', '▸');
  button.setAttribute('type', 'button');
  button.tabIndex = -1;
  button.dataset.group = group;
  button.setAttribute('aria-expanded', String(open));
  button.setAttribute('aria-label', `${open ? 'Close' : 'Open'} ${title}`);
  return button;
}

/** @param {string} kind @param {string} [className] @param {string} [text] @returns {HTMLElement} */
export function element(kind, className = '', text = '') {
  const made = document.createElement(kind);
  if (className) made.className = className.trim();
  if (text) made.textContent = text;
  return made;
}
