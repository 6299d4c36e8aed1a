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
  return {
    filter: query.get('filter') ?? '',
    search: query.get('search') ?? '',
    group: query.get('group') ?? 'none',
    sort: query.getAll('sort'),
    columns: query.getAll('column'),
    closed: query.getAll('closed'),
    runs: query.getAll('run'),
  };
}

/** The query string of a state. @param {ListState} state @param {boolean} [withRuns] */
export function writeState(state, withRuns = true) {
  const query = new URLSearchParams();
  if (state.filter.trim()) query.set('filter', state.filter);
  if (state.search.trim()) query.set('search', state.search);
  if (state.group !== 'none') query.set('group', state.group);
  for (const sort of state.sort) query.append('sort', sort);
  for (const column of state.columns) query.append('column', column);
  for (const closed of state.closed) query.append('closed', closed);
  if (withRuns) for (const run of state.runs.slice(0, MOST_RUNS)) query.append('run', run);
  const text = query.toString().replaceAll('%2F', '/').replaceAll('%27', "'");
  return text && `?${text}`;
}

/** The address of the comparison of the chosen runs, or of all found ones. @param {ListState} state */
export function compareAddress(state) {
  const query = new URLSearchParams();
  if (state.runs.length > 0) for (const run of state.runs) query.append('run', run);
  else {
    query.set('filter', state.filter);
    if (state.search) query.set('search', state.search);
    for (const sort of state.sort) query.append('sort', sort);
  }
  const from = writeState(state);
  if (from) query.set('from', from);
  return `/compare?${query.toString().replaceAll('%2F', '/')}`;
}
