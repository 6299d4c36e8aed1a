// @ts-check
// The menu for choosing columns: a popover, which the browser opens and closes.

import { find } from '../report/events.js';
import { button, make } from './draw.js';

/** @typedef {import('./list-rows.js').Column} Column */

const KINDS = [
  ['params', 'Settings'],
  ['metrics', 'Metrics'],
  ['tags', 'Tags'],
  ['attributes', 'About the run'],
];

/**
 * Fills the menu whenever it opens.
 *
 * @param {() => { available: Column[], shown: string[] }} columnsNow
 * @param {(fields: string[]) => void} onChange no fields: the table's own choice
 */
export function startColumnsMenu(columnsNow, onChange) {
  const menu = find(document, '.menu');
  const opener = find(document, '[popovertarget]');
  /** @type {Column[]} */
  let available = [];
  /** @type {string[]} */
  let chosen = [];
  const search = make('input', { type: 'search', placeholder: 'find a column', 'aria-label': 'Find a column' });
  const lists = make('div', 'menu-lists');
  const draw = () => {
    const word = search.value.trim().toLowerCase();
    const groups = KINDS.flatMap(([kind, title]) => {
      const own = available.filter((column) => column.kind === kind && column.key.toLowerCase().includes(word));
      const labels = own.map(({ field, key, differs }) =>
        make(
          'label',
          'flow',
          make('input', { type: 'checkbox', value: field, checked: chosen.includes(field) }),
          make('span', '', key),
          ...(kind === 'params' && differs ? [make('span', 'differs-sign', '≠')] : []),
        ),
      );
      return own.length === 0 ? [] : [make('fieldset', '', make('legend', '', title), ...labels)];
    });
    lists.replaceChildren(...(groups.length > 0 ? groups : [make('p', 'empty', 'No column is called that.')]));
  };
  /** @param {string[]} fields @param {string} [otherwise] the only column where none is chosen */
  const choose = (fields, otherwise = 'experiment') => {
    chosen = fields;
    onChange(fields.length > 0 ? fields : [otherwise]);
    draw();
  };
  const tools = [
    button({}, 'As usual', () => {
      onChange([]);
      menu.hidePopover();
    }),
    button({}, 'All that differ', () => {
      const differing = available.filter(({ kind, differs }) => kind === 'params' && differs);
      const metrics = available.filter(({ kind, field }) => kind === 'metrics' && chosen.includes(field));
      choose([...differing, ...metrics].map(({ field }) => field));
    }),
    button({}, 'None', () => choose([])),
  ];
  menu.append(search, lists, make('div', 'menu-tools flow', ...tools));
  lists.addEventListener('change', ({ target }) => {
    const { value, checked } = /** @type {HTMLInputElement} */ (target);
    choose(checked ? [...chosen, value] : chosen.filter((field) => field !== value), 'status');
  });
  search.addEventListener('input', draw);
  menu.addEventListener('keydown', (event) => event.stopPropagation());
  menu.addEventListener('beforetoggle', (event) => {
    if (/** @type {ToggleEvent} */ (event).newState === 'closed') return;
    const { shown, ...now } = columnsNow();
    ({ available } = now);
    chosen = shown;
    search.value = '';
    draw();
    const { bottom, right } = opener.getBoundingClientRect();
    Object.assign(menu.style, { top: `${bottom + 6}px`, left: `max(4vw, ${right}px - 34rem)` });
  });
}
