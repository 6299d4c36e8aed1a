// @ts-check
// The menu for choosing columns.

import { element } from './list-rows.js';

/** @typedef {import('./list-rows.js').Column} Column */

const KINDS = [
  ['params', 'Settings'],
  ['metrics', 'Metrics'],
  ['tags', 'Tags'],
  ['attributes', 'About the run'],
];

/**
 * Opens the menu next to its button.
 *
 * @param {HTMLElement} button
 * @param {{ available: Column[], shown: string[], onChange: (fields: string[]) => void }} options no fields: the table's own choice
 */
export function openColumnsMenu(button, { available, shown, onChange }) {
  const before = document.querySelector('.menu');
  if (before) {
    before.dispatchEvent(new Event('close-menu'));
    return;
  }
  let chosen = [...shown];
  const menu = element('div', 'menu');
  menu.setAttribute('role', 'dialog');
  menu.setAttribute('aria-label', 'Columns');
  const search = /** @type {HTMLInputElement} */ (element('input'));
  search.type = 'search';
  search.placeholder = 'find a column';
  search.setAttribute('aria-label', 'Find a column');
  const lists = element('div', 'menu-lists');
  const tools = element('div', 'menu-tools');
  const reset = element('button', 'button', 'As usual');
  const none = element('button', 'button', 'None');
  const differing = element('button', 'button', 'All that differ');
  tools.append(reset, differing, none);
  menu.append(search, lists, tools);

  const draw = () => {
    const word = search.value.trim().toLowerCase();
    lists.replaceChildren(
      ...KINDS.flatMap(([kind, title]) => {
        const own = available.filter((column) => column.kind === kind && column.key.toLowerCase().includes(word));
        if (own.length === 0) return [];
        const group = element('fieldset');
        group.append(element('legend', '', title));
        for (const { field, key, differs, kind: its } of own) {
          const label = element('label');
          const box = /** @type {HTMLInputElement} */ (element('input'));
          box.type = 'checkbox';
          box.value = field;
          box.checked = chosen.includes(field);
          label.append(box, element('span', '', key));
          if (its === 'params' && differs) label.append(element('span', 'differs-sign', '≠'));
          group.append(label);
        }
        return [group];
      }),
    );
    if (!lists.firstChild) lists.append(element('p', 'empty', 'No column is called that.'));
  };
  const close = () => {
    menu.remove();
    button.setAttribute('aria-expanded', 'false');
    document.removeEventListener('pointerdown', outside, true);
    button.focus();
  };
  /** @param {Event} event */
  const outside = (event) => {
    const target = /** @type {Node} */ (event.target);
    if (!menu.contains(target) && !button.contains(target)) close();
  };
  lists.addEventListener('change', (event) => {
    const box = /** @type {HTMLInputElement} */ (event.target);
    chosen = box.checked ? [...chosen, box.value] : chosen.filter((field) => field !== box.value);
    onChange(chosen.length > 0 ? chosen : ['status']);
  });
  reset.addEventListener('click', () => {
    onChange([]);
    close();
  });
  none.addEventListener('click', () => {
    chosen = [];
    onChange(['experiment']);
    draw();
  });
  differing.addEventListener('click', () => {
    const metrics = available.filter(({ kind, field }) => kind === 'metrics' && chosen.includes(field));
    chosen = [...available.filter(({ kind, differs }) => kind === 'params' && differs), ...metrics].map(
      ({ field }) => field,
    );
    onChange(chosen);
    draw();
  });
  search.addEventListener('input', draw);
  menu.addEventListener('close-menu', close);
  menu.addEventListener('keydown', (event) => {
    if (event.key === 'Escape') close();
    event.stopPropagation();
  });
  document.addEventListener('pointerdown', outside, true);
  draw();
  button.after(menu);
  button.setAttribute('aria-expanded', 'true');
  search.focus();
}
