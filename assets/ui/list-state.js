// @ts-check
// The state of the table in the page's address: a view can be shared by copying the address.

/**
 * @typedef {{
 *   filter: string, search: string, group: string,
 *   sort: string[], columns: string[], closed: string[], runs: string[],
 * }} ListState
 */

/** Maximum number of chosen runs in the address. */
const MOST_RUNS = 60;

/** @param {string} search the address from its question mark on @returns {ListState} */
export function readState(search) {
  const query = new URLSearchParams(search);
  const [filter, text, group] = ['filter', 'search', 'group'].map((name) => query.get(name) ?? '');
  const [sort, columns, closed, runs] = ['sort', 'column', 'closed', 'run'].map((name) => query.getAll(name));
  return { filter, search: text, group: group || 'none', sort, columns, closed, runs };
}

/** The query string of a state. @param {ListState} state @param {boolean} [withRuns] */
export function writeState({ filter, search, group, sort, columns, closed, runs }, withRuns = true) {
  return textOfQuery([
    ...(filter.trim() ? [['filter', filter]] : []),
    ...(search.trim() ? [['search', search]] : []),
    ...(group === 'none' ? [] : [['group', group]]),
    ...[...sort.map((each) => ['sort', each]), ...columns.map((each) => ['column', each])],
    ...closed.map((each) => ['closed', each]),
    ...(withRuns ? runs.slice(0, MOST_RUNS).map((each) => ['run', each]) : []),
  ]);
}

/** The address of the comparison of the chosen runs, or of all found ones. @param {ListState} state */
export function compareAddress(state) {
  const { filter, search, sort, runs } = state;
  const all = [['filter', filter], ...(search ? [['search', search]] : []), ...sort.map((each) => ['sort', each])];
  const from = writeState(state);
  const chosen = runs.length > 0 ? runs.map((run) => ['run', run]) : all;
  return `/compare${textOfQuery([...chosen, ...(from ? [['from', from]] : [])])}`;
}

/** @param {string[][]} pairs */
function textOfQuery(pairs) {
  const text = new URLSearchParams(pairs).toString().replaceAll('%2F', '/').replaceAll('%27', "'");
  return text && `?${text}`;
}
