// Parses the query strings of pages.

import { HttpProblem } from './http-problem.js';
import type { ListQuery } from './list-view.js';

const MOST_ROWS = 500;

/** The request for the table of runs. */
export function queryOf(query: URLSearchParams): ListQuery {
  const group = query.get('group') ?? 'none';
  if (group !== 'none' && group !== 'experiment' && group !== 'parent' && !group.startsWith('params.')) {
    throw new HttpProblem(400, `'${group}' is nothing to group by; use none, experiment, parent or params.NAME`);
  }
  return {
    filter: query.get('filter') ?? '',
    search: query.get('search') ?? '',
    sort: listOf(query, 'sort'),
    columns: listOf(query, 'column'),
    closed: listOf(query, 'closed'),
    group,
    offset: integerOf(query, 'offset', 0, { least: 0, most: Number.MAX_SAFE_INTEGER }),
    limit: integerOf(query, 'limit', 100, { least: 0, most: MOST_ROWS }),
  };
}

/** All values of a parameter. */
export function listOf(query: URLSearchParams, name: string): string[] {
  return query.getAll(name).filter((value) => value !== '');
}

/** A whole number within a range. */
export function integerOf(
  query: URLSearchParams,
  name: string,
  usual: number,
  { least, most }: { readonly least: number; readonly most: number },
): number {
  const value = numberOf(query, name) ?? usual;
  if (Number.isInteger(value) && value >= least && value <= most) return value;
  throw new HttpProblem(400, `${name} is ${value}, expected a whole number from ${least} to ${most}`);
}

/** A number, where one is given. */
export function numberOf(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name);
  if (text === null || text === '') return undefined;
  const value = Number(text);
  if (Number.isFinite(value)) return value;
  throw new HttpProblem(400, `${name} is '${text.slice(0, 40)}', expected a number`);
}
