// @ts-check
// The page of the table of runs: requests the visible rows from the server, and listens to changes.

import { find } from '../report/events.js';
import { startColumnsMenu } from './columns-menu.js';
import { button, make } from './draw.js';
import { columnTemplate, drawHead, drawRows, ROW, seenRows } from './list-rows.js';
import { compareAddress, readState, writeState } from './list-state.js';

/** @typedef {import('./list-rows.js').Row} Row @typedef {import('./list-rows.js').Column} Column */

/** Number of rows per request. */
const CHUNK = 100;
/** Maximum number of compared runs. */
const MOST_COMPARED = 1000;

const frame = find(document, '.grid-frame');
const body = find(document, '.grid-body');
const head = find(document, '.grid-head');
const tools = /** @type {HTMLFormElement} */ (find(document, '.tools'));
/** @type {Record<string, HTMLInputElement>} */
const inputs = /** @type {any} */ (tools.elements);
const compareButton = /** @type {HTMLButtonElement} */ (find(document, '[data-do=compare]'));

let state = readState(location.search);
/** @type {Map<number, Row>} */
let rows = new Map();
let rowCount = 0;
/** @type {Column[]} */
let columns = [];
/** @type {Column[]} */
let available = [];
const chosen = new Set(state.runs);
let active = 0;
let matching = 0;
/** Start of a range of chosen runs. */
let anchor = 0;
/** Counts requests; responses to older ones are dropped. */
let turn = 0;
/** Requested chunks. @type {Set<number>} */
let asking = new Set();

const view = () => ({ rows, rowCount, columns, chosen, active, sort: state.sort });

/** Requests everything again; visible rows stay until the response. */
async function refresh() {
  const mine = ++turn;
  asking = new Set();
  const first = Math.floor(seenRows(frame, Math.max(rowCount, 1)).from / CHUNK);
  const answer = await ask(first, mine);
  if (answer === undefined || mine !== turn) return;
  rows = new Map();
  take(answer);
  await more();
}

/** Requests visible rows that are not loaded. */
async function more() {
  const mine = turn;
  const { from, to } = seenRows(frame, rowCount);
  const wanted = [];
  for (let chunk = Math.floor(from / CHUNK); chunk * CHUNK < to; chunk++) {
    if (!rows.has(Math.min(rowCount - 1, chunk * CHUNK)) && !asking.has(chunk)) wanted.push(chunk);
  }
  await Promise.all(
    wanted.map(async (chunk) => {
      asking.add(chunk);
      const answer = await ask(chunk, mine);
      asking.delete(chunk);
      if (answer !== undefined && mine === turn) take(answer);
    }),
  );
}

/** @param {number} chunk @param {number} mine */
async function ask(chunk, mine) {
  const query = new URLSearchParams(writeState(state, false));
  query.set('offset', String(chunk * CHUNK));
  query.set('limit', String(CHUNK));
  try {
    const response = await fetch(`/api/runs?${query}`);
    const answer = await response.json();
    if (mine !== turn) return undefined;
    showProblem(response.ok ? '' : answer.problem);
    return response.ok ? answer : undefined;
  } catch {
    showLive('failed');
    return undefined;
  }
}

/** @param {any} answer */
function take(answer) {
  ({ rowCount, columns, available, matching } = answer);
  showGroupings();
  for (const [i, row] of answer.rows.entries()) rows.set(answer.offset + i, row);
  active = Math.min(active, Math.max(0, rowCount - 1));
  const { total, running } = answer;
  const found =
    matching === total
      ? `${count(total)} ${total === 1 ? 'run' : 'runs'}`
      : `${count(matching)} of ${count(total)} runs`;
  find(document, '.counts').textContent = running > 0 ? `${found}, ${running} running` : found;
  showDamaged(answer.damaged);
  const question = find(document, '.question');
  question.textContent = answer.questions.join('\n');
  question.hidden = answer.questions.length === 0;
  showNothing(total);
  draw();
}

function draw() {
  const widths = columnTemplate(columns, frame.clientWidth);
  frame.style.setProperty('--columns', widths.map((width) => `${width}px`).join(' '));
  frame.style.setProperty('--width', `${widths.reduce((sum, width) => sum + width, 0)}px`);
  frame.setAttribute('aria-rowcount', String(rowCount + 1));
  const loaded = [...rows.values()].filter((row) => 'place' in row);
  drawHead(head, view(), loaded.length > 0 && loaded.every((row) => 'place' in row && chosen.has(row.place)));
  drawRows(frame, body, view());
  if (rowCount > 0) frame.setAttribute('aria-activedescendant', `row-${active}`);
  else frame.removeAttribute('aria-activedescendant');
  const many = chosen.size;
  compareButton.disabled = many === 0 && matching === 0;
  compareButton.textContent =
    many > 0
      ? `Compare ${count(many)} ${many === 1 ? 'run' : 'runs'}`
      : matching > MOST_COMPARED
        ? `Compare the first ${count(MOST_COMPARED)}`
        : matching > 0
          ? `Compare all ${count(matching)}`
          : 'Compare';
}

/** Offers to group by each setting that differs. */
function showGroupings() {
  const fields = available.filter(({ kind, differs }) => kind === 'params' && differs).map(({ field }) => field);
  const wanted = state.group.startsWith('params.') ? [...new Set([state.group, ...fields])] : fields;
  const select = /** @type {HTMLSelectElement} */ (/** @type {unknown} */ (inputs.group));
  const groups = [...select.options].map(({ value }) => value).filter((value) => value.startsWith('params.'));
  if (String(groups) === String(wanted)) return;
  for (const option of [...select.options].filter(({ value }) => value.startsWith('params.'))) option.remove();
  for (const field of wanted) select.add(new Option(field.replace(/^params\./, '').replaceAll('`', ''), field));
  select.value = state.group;
}

/** @param {number} number */
const count = (number) => number.toLocaleString('en-US');

/** @param {string} problem */
function showProblem(problem) {
  const place = find(document, '.problem');
  place.textContent = problem;
  place.hidden = problem === '';
  inputs.filter.setAttribute('aria-invalid', String(problem !== ''));
  if (problem === '' || rowCount > 0) return;
  sayNothing('That cannot be read', 'What is wrong stands under the filter.', showAll({ sort: [], columns: [] }));
}

/** In place of rows. @param {string} title @param {string} words @param {Node} more */
function sayNothing(title, words, more) {
  const place = find(document, '.grid-frame .nothing');
  place.replaceChildren(make('h2', '', title), make('p', '', words), more);
  place.hidden = false;
}

/** @param {Partial<typeof state>} what */
const showAll = (what = {}) => button({}, 'Show all runs', () => change({ filter: '', search: '', ...what }));

/** @param {{ place: string, reason: string }[]} damaged */
function showDamaged(damaged) {
  const box = find(document, '.damaged');
  box.hidden = damaged.length === 0;
  find(document, '.damaged summary').textContent =
    `${damaged.length === 1 ? 'One run' : `${damaged.length} runs`} cannot be read`;
  find(document, '.damaged ul').replaceChildren(
    ...damaged.slice(0, 100).map(({ place, reason }) => make('li', '', make('b', '', place), ` ${reason}`)),
  );
}

/** @param {number} total */
function showNothing(total) {
  find(document, '.grid-frame .nothing').hidden = rowCount > 0;
  if (rowCount > 0) return;
  if (total > 0) return sayNothing('No run is like that', 'Filter and search leave none of the runs.', showAll());
  const words = `Everything that renders or trains is logged to ${find(document, '.where').textContent}, and appears here by itself.`;
  const example = 'npx steadyframe sweep shot.mp4 --model MODEL --prompt "a cyberpunk city" --strengths 0.45,0.75';
  sayNothing('No runs yet', words, make('pre', '', example));
}

const LIVE = {
  finished: ['live', 'Changes appear by themselves'],
  failed: ['server is away', 'The server does not answer; it may have been stopped'],
};

/** @param {keyof typeof LIVE} status */
function showLive(status) {
  const [textContent, title] = LIVE[status];
  Object.assign(find(document, '.live'), { textContent, title, className: `live badge ${status}` });
}

/** Changes the state and the address. @param {Partial<typeof state>} what */
function change(what) {
  state = { ...state, ...what };
  if ('filter' in what || 'search' in what || 'sort' in what || 'group' in what) {
    frame.scrollTop = 0;
    active = 0;
  }
  showState();
  void refresh();
}

function showState() {
  state.runs = [...chosen];
  history.replaceState(null, '', `/${writeState(state)}`);
  for (const name of /** @type {const} */ (['filter', 'search', 'group'])) {
    if (inputs[name] !== document.activeElement || name === 'group') inputs[name].value = state[name];
  }
}

/** @param {string} place @param {boolean} on */
function choose(place, on) {
  if (on) chosen.add(place);
  else chosen.delete(place);
}

/** Chooses the run of a row, or all from the last chosen one to it. @param {number} index @param {boolean} range */
function toggle(index, range) {
  const row = rows.get(index);
  if (!row || !('place' in row)) return;
  const on = !chosen.has(row.place);
  const [from, to] = range ? [Math.min(anchor, index), Math.max(anchor, index)] : [index, index];
  for (let i = from; i <= to; i++) {
    const each = rows.get(i);
    if (each && 'place' in each) choose(each.place, range ? true : on);
  }
  anchor = index;
  showState();
  draw();
}

/** @param {string} group */
function fold(group) {
  const closed = state.closed.includes(group)
    ? state.closed.filter((each) => each !== group)
    : [...state.closed, group];
  change({ closed });
}

/** Folds the parts of the active row, or of the one above it. @param {boolean} open */
function foldRow(open) {
  let index = active;
  for (let row = rows.get(index); row && 'depth' in row && row.depth > 0; row = rows.get(index)) index--;
  const row = rows.get(index);
  const parts = row && ('group' in row ? row : row.parts);
  if (!parts || parts.open === open) return;
  active = index;
  fold(parts.group);
}

/** @param {string} field @param {boolean} add */
function sortBy(field, add) {
  const before = state.sort.find((each) => each.replace(/^-/, '') === field);
  const next = before === undefined ? [field] : before.startsWith('-') ? [] : [`-${field}`];
  if (!add) change({ sort: next });
  else if (before === undefined) change({ sort: [...state.sort, field] });
  else change({ sort: state.sort.flatMap((each) => (each === before ? next : [each])) });
}

/** @param {number} to */
function move(to) {
  if (rowCount === 0) return;
  active = Math.min(rowCount - 1, Math.max(0, to));
  const top = active * ROW;
  const headHeight = head.offsetHeight;
  if (top < frame.scrollTop) frame.scrollTop = top;
  else if (top + ROW > frame.scrollTop + frame.clientHeight - headHeight)
    frame.scrollTop = top + ROW - frame.clientHeight + headHeight;
  drawRows(frame, body, view());
  frame.setAttribute('aria-activedescendant', `row-${active}`);
  void more();
}

function compare() {
  if (!compareButton.disabled) location.href = compareAddress({ ...state, runs: [...chosen] });
}

/** @param {number} index */
function openRow(index) {
  const row = rows.get(index);
  if (!row) return;
  if ('group' in row) fold(row.group);
  else location.href = compareAddress({ ...state, runs: [row.place] });
}

frame.addEventListener('click', (event) => {
  const target = /** @type {HTMLElement} */ (event.target);
  const sort = target.closest('[data-sort]');
  const group = target.closest('[data-group]');
  const row = /** @type {HTMLElement | null} */ (target.closest('.row[data-index]'));
  if (sort) sortBy(/** @type {HTMLElement} */ (sort).dataset.sort ?? '', event.shiftKey);
  else if (group) fold(/** @type {HTMLElement} */ (group).dataset.group ?? '');
  else if (target.dataset.do === 'choose-all') {
    const on = /** @type {HTMLInputElement} */ (target).checked;
    for (const each of rows.values()) if ('place' in each) choose(each.place, on);
    showState();
    draw();
  } else if (row) {
    const index = Number(row.dataset.index);
    active = index;
    if (target.closest('a')) {
      if (event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      openRow(index);
    } else if (row.classList.contains('group')) openRow(index);
    else toggle(index, event.shiftKey);
  }
});
frame.addEventListener('scroll', () => {
  drawRows(frame, body, view());
  void more();
});
frame.addEventListener('keydown', (event) => {
  if (event.ctrlKey || event.altKey || event.metaKey) return;
  const page = Math.max(1, Math.floor(frame.clientHeight / ROW) - 2);
  /** @type {Record<string, () => void>} */
  const keys = {
    ArrowDown: () => move(active + 1),
    ArrowUp: () => move(active - 1),
    j: () => move(active + 1),
    k: () => move(active - 1),
    PageDown: () => move(active + page),
    PageUp: () => move(active - page),
    Home: () => move(0),
    End: () => move(rowCount - 1),
    ' ': () => toggle(active, event.shiftKey),
    x: () => toggle(active, event.shiftKey),
    Enter: () => openRow(active),
    ArrowLeft: () => foldRow(false),
    ArrowRight: () => foldRow(true),
  };
  const act = keys[event.key];
  if (!act || event.target !== frame) return;
  event.preventDefault();
  act();
});
document.addEventListener('keydown', (event) => {
  if (event.ctrlKey || event.altKey || event.metaKey) return;
  const target = /** @type {HTMLElement} */ (event.target);
  const isWriting = target.closest('input:not([type=checkbox]), select, textarea') !== null;
  if (event.key === 'Escape') {
    if (isWriting) frame.focus();
    else if (chosen.size > 0) {
      chosen.clear();
      showState();
      draw();
    }
  } else if (isWriting) return;
  else if (event.key === '/') {
    event.preventDefault();
    inputs.filter.focus();
  } else if (event.key === 'c') compare();
});

/** @type {ReturnType<typeof setTimeout> | undefined} */
let typing;
tools.addEventListener('input', (event) => {
  const { name, value } = /** @type {HTMLInputElement} */ (event.target);
  if (name !== 'filter' && name !== 'search' && name !== 'group') return;
  clearTimeout(typing);
  typing = setTimeout(() => change({ [name]: value }), name === 'group' ? 0 : 250);
});
tools.addEventListener('submit', (event) => {
  event.preventDefault();
  clearTimeout(typing);
  change({ filter: inputs.filter.value, search: inputs.search.value });
  frame.focus();
});
compareButton.addEventListener('click', compare);
startColumnsMenu(
  () => ({ available, shown: columns.map(({ field }) => field) }),
  (fields) => change({ columns: fields }),
);
addEventListener('resize', () => {
  draw();
  void more();
});
addEventListener('pageshow', (event) => {
  if (event.persisted) void refresh();
});

const events = new EventSource('/api/live');
events.addEventListener('open', () => showLive('finished'));
events.addEventListener('error', () => showLive('failed'));
events.addEventListener('changed', () => void refresh());

showState();
void refresh();
frame.focus();
