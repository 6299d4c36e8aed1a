// @ts-check
// The table's rows: only the visible ones are in the page.

import { find } from '../report/events.js';
import { shortNumber } from './axis.js';
import { make } from './draw.js';
import { cellText, columnTitle, durationText, timeText } from './list-text.js';
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
  const check = checkbox('choose-all', 'Choose all runs that are loaded', all);
  const fixed = (/** @type {typeof BEFORE[0]} */ { field, title }) => ({
    ...{ field, title, note: '', kind: 'fixed', differs: false, numeric: field === 'duration' },
  });
  const own = columns.map((column) => ({ ...column, title: columnTitle(column), note: noteOf(column) }));
  const cells = [...BEFORE.map(fixed), ...own, ...AFTER.map(fixed)].map((column) => {
    const { field, title, kind, numeric, note } = column;
    const differs = column.differs && kind === 'params';
    const place = sort.findIndex((each) => each.replace(/^-/, '') === field);
    const isDown = sort[place]?.startsWith('-');
    const sign = (isDown ? '↓' : '↑') + (sort.length > 1 ? place + 1 : '');
    const hint = `${field}${note}; click to sort, Shift adds`;
    return make(
      'div',
      {
        class: `cell ${numeric ? 'number' : ''} ${kind}${differs ? ' differs' : ''}`,
        role: 'columnheader',
        'aria-sort': place >= 0 && (isDown ? 'descending' : 'ascending'),
      },
      make(
        'button',
        { class: 'sort', type: 'button', 'data-sort': field, title: hint },
        title,
        ...(differs ? [make('span', { class: 'differs-sign', title: 'differs between these runs' }, '≠')] : []),
        ...(place >= 0 ? [make('span', 'sort-sign', sign)] : []),
      ),
    );
  });
  const box = make('div', { class: 'cell box', role: 'columnheader' }, check);
  const focused = head.contains(document.activeElement) ? document.activeElement?.getAttribute('data-sort') : null;
  head.replaceChildren(make('div', { class: 'row head', role: 'row', 'aria-rowindex': 1 }, box, ...cells));
  if (focused) find(head, `[data-sort="${CSS.escape(focused)}"]`).focus();
}

/** A checkbox of the table, which has no place in the order of Tab. @param {string} does @param {string} label @param {boolean} checked */
function checkbox(does, label, checked) {
  return make('input', { type: 'checkbox', checked, tabindex: -1, 'data-do': does, 'aria-label': label });
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
      data === undefined ? make('div', 'row loading') : 'group' in data ? groupRow(data, view) : runRow(data, view);
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
  const counted = make('small', '', `${count} ${count === 1 ? 'run' : 'runs'}`);
  const name = gridCell('name', foldButton(group, open, title), make('b', '', title), counted);
  if (!cells) return make('div', 'row group', name);
  const values = cells.map((value, i) => {
    const isMean = value !== null && typeof value === 'object';
    const cell = gridCell(
      columns[i]?.numeric ? 'number' : 'text',
      isMean ? shortNumber(value.mean) : cellText(value, columns[i]),
    );
    if (isMean && value.deviation !== null) {
      cell.append(make('small', '', `±${shortNumber(value.deviation, 2)}`));
      cell.title = `mean of ${count} runs, standard deviation ${value.deviation}`;
    }
    return cell;
  });
  return make('div', 'row group means', gridCell(), name, gridCell(), ...values, gridCell(), gridCell());
}

/** @param {string} [kind] @param {(Node | string)[]} children */
function gridCell(kind = '', ...children) {
  return make('div', { class: `cell ${kind}`, role: 'gridcell' }, ...children);
}

/** @param {RunRow} run @param {View} view */
function runRow(run, { columns, chosen }) {
  const { place, name, label, experiment, status, start, error, depth, parts, progress, cells } = run;
  const isChosen = chosen.has(place);
  const href = `/compare?run=${encodeURIComponent(place)}`;
  const hint = label === name ? place : `${name} (${place})`;
  const thumb = frameOf(place);
  const title = gridCell(
    'name',
    ...(parts ? [foldButton(parts.group, parts.open, name)] : []),
    ...(thumb ? [thumb] : []),
    make('a', { href, tabindex: -1, title: hint }, label),
    make('small', '', parts ? `${experiment} · ${parts.count} parts` : experiment),
  );
  const state = gridCell(`status ${status}`, make('span', `badge ${status}`, status));
  if (error) state.title = error;
  if (progress) {
    const { step, of } = progress;
    const title = of ? `step ${step} of ${of}` : `step ${step}`;
    state.append(of ? make('progress', { max: of, value: step, title }) : make('small', '', title));
  }
  const started = gridCell('time', timeText(start));
  started.title = new Date(start).toLocaleString();
  const values = cells.map((value, i) => {
    const { numeric, kind, differs } = columns[i] ?? {};
    const own = `${numeric ? 'number' : 'text'}${kind === 'params' && !differs ? ' same' : ''}`;
    const cell = gridCell(value === null ? `${own} none` : own, cellText(value, columns[i]));
    if (value !== null) cell.title = String(value);
    return cell;
  });
  const check = gridCell('box', checkbox('choose', `Choose ${name}`, isChosen));
  const took = gridCell('number time', durationText(run));
  const attributes = {
    class: `row run depth-${depth}`,
    'aria-selected': isChosen ? 'true' : 'false',
    'data-place': place,
  };
  return make('div', attributes, check, title, state, ...values, started, took);
}

/** @param {string} group @param {boolean} open @param {string} title */
function foldButton(group, open, title) {
  const attributes = { class: 'fold', type: 'button', tabindex: -1, 'data-group': group };
  const told = { 'aria-expanded': String(open), 'aria-label': `${open ? 'Close' : 'Open'} ${title}` };
  return make('button', { ...attributes, ...told }, '▸');
}
