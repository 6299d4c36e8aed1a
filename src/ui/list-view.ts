// The table of runs that a page requests: filtered, searched, sorted and grouped, and of that the visible rows.

import { UsageError } from '../lib/base/errors.js';
import { groupBy } from '../lib/base/group-by.js';
import { spread } from '../lib/base/mean.js';
import { tellingNames } from '../lib/base/telling-names.js';
import { parameterText } from '../lib/tracking/log/parameters.js';
import { parseFilter } from '../lib/tracking/query/filter.js';
import { orderRuns } from '../lib/tracking/query/order-runs.js';
import { questionFields } from '../lib/tracking/query/question-fields.js';
import { parseField, type RunField } from '../lib/tracking/query/run-fields.js';
import { type RunSteps, stepsOf } from '../lib/tracking/query/run-steps.js';
import { type GroupedRow, type GroupHead, type Grouping, groupRuns } from './group-runs.js';
import { HttpProblem } from './http-problem.js';
import { columnsOf, ownColumns, type RunColumn } from './run-columns.js';
import type { PlacedRun, RunsState } from './run-source.js';

/** A page's request. */
export interface ListQuery {
  /** A filter expression as in `steadyframe runs`; all runs where it is empty. */
  readonly filter: string;
  /** Words, all of which must occur in a run's name, settings or tags. */
  readonly search: string;
  /** Fields, with `-` for descending order. */
  readonly sort: readonly string[];
  /** None, experiment, parent or params.NAME. */
  readonly group: string;
  /** Collapsed groups. */
  readonly closed: readonly string[];
  /** Fields; the default columns where there are none. */
  readonly columns: readonly string[];
  readonly offset: number;
  readonly limit: number;
}

/** A row of the table. */
export type ListRow =
  | (Omit<GroupHead, 'members'> & { readonly cells?: readonly GroupCell[] })
  | {
      readonly place: string;
      readonly name: string;
      /** The name without what the names of all runs of its kind share. */
      readonly label: string;
      readonly experiment: string;
      readonly status: string;
      readonly start: string;
      readonly end?: string | undefined;
      readonly error?: string | undefined;
      /** 1 for a child of the run above. */
      readonly depth: 0 | 1;
      /** For a run with children: the group's name, and whether they are shown. */
      readonly parts?: Omit<GroupHead, 'title' | 'members'> | undefined;
      readonly progress?: RunSteps | undefined;
      /** One value per column; null where the run has none. */
      readonly cells: readonly (string | number | null)[];
    };

/** The values of a group by a setting: the mean of a metric and its deviation, or the value that all runs share. */
export type GroupCell = { readonly mean: number; readonly deviation: number | null } | string | number | null;

/** The response to a page. */
export interface ListAnswer {
  /** Number of all runs. */
  readonly total: number;
  /** Number of runs that match the filter and the search. */
  readonly matching: number;
  readonly running: number;
  /** Number of rows, headings of groups included. */
  readonly rowCount: number;
  readonly offset: number;
  readonly rows: readonly ListRow[];
  readonly columns: readonly (RunColumn & { readonly numeric: boolean })[];
  readonly available: readonly RunColumn[];
  readonly damaged: RunsState['damaged'];
  /** Messages about names in the filter or the order that no run has. */
  readonly questions: readonly string[];
}

/**
 * The rows that a page requests.
 *
 * @throws HttpProblem 400 for a filter, an order or a column that cannot be parsed
 */
export function listView(state: RunsState, query: ListQuery): ListAnswer {
  const found = foundRuns(state, query);
  const fields = (query.columns.length > 0 ? query.columns : found.own).map((field) => readField(field));
  const by = query.group.startsWith('params.') ? readField(query.group) : (query.group as Grouping);
  const rows = groupRuns(found.runs, by, new Set(query.closed));
  const shown = rows.slice(query.offset, query.offset + query.limit);
  return {
    total: state.runs.length,
    matching: found.runs.length,
    running: state.runs.filter(({ status }) => status === 'running').length,
    rowCount: rows.length,
    offset: query.offset,
    rows: shown.map((row) => listRow(row, fields, found.labels)),
    columns: fields.map((field) => ({ ...columnOf(found, field), numeric: isNumeric(found, field) })),
    available: found.available,
    damaged: state.damaged,
    questions: found.questions,
  };
}

/** The runs that match the filter and the search, sorted. */
export function matchingRuns(state: RunsState, query: Pick<ListQuery, 'filter' | 'search' | 'sort'>): PlacedRun[] {
  return foundRuns(state, query).runs;
}

interface Found {
  readonly runs: PlacedRun[];
  readonly available: readonly RunColumn[];
  readonly own: readonly string[];
  readonly questions: readonly string[];
  readonly labels: ReadonlyMap<PlacedRun, string>;
}

/** Results per state of the runs: scrolling requests further rows of the same result. */
const kept = new WeakMap<RunsState, Map<string, Found>>();

function foundRuns(state: RunsState, { filter, search, sort }: Pick<ListQuery, 'filter' | 'search' | 'sort'>): Found {
  const ofState = kept.get(state) ?? new Map<string, Found>();
  kept.set(state, ofState);
  const key = JSON.stringify([filter, search, sort]);
  const before = ofState.get(key);
  if (before) return before;
  const { runs, questions } = asked(() => {
    const admits = filter.trim() === '' ? undefined : parseFilter(filter);
    const inOrder = orderRuns(sort);
    const words = search.toLowerCase().split(/\s+/).filter(Boolean);
    const wanted = state.runs.filter((run) => (admits?.(run) ?? true) && (words.length === 0 || hasWords(run, words)));
    return {
      runs: inOrder(wanted) as PlacedRun[],
      questions: questionFields(state.runs, [...(admits?.fields ?? []), ...inOrder.fields]),
    };
  });
  const available = columnsOf(runs);
  const labels = labelsOf(runs);
  const found = {
    runs,
    questions,
    labels,
    available,
    own: ownColumns(available),
  };
  ofState.set(key, found);
  return found;
}

/** Short names, by the parts of one parent. */
function labelsOf(runs: readonly PlacedRun[]): Map<PlacedRun, string> {
  const families = groupBy(runs, ({ parent, experiment }) => parent ?? experiment);
  const labels = [...families.values()].flatMap((own) => {
    const telling = tellingNames(own.map(({ name }) => name));
    return own.map((run, i): [PlacedRun, string] => [run, telling[i]]);
  });
  return new Map(labels);
}

function hasWords(
  { place, name, id, status, parameters, tags, command = '' }: PlacedRun,
  words: readonly string[],
): boolean {
  const values = Object.entries(parameters).map(([key, value]) => `${key}=${parameterText(value)}`);
  const text = [place, name, id, status, command, ...values, ...Object.values(tags)].join('\n').toLowerCase();
  return words.every((word) => text.includes(word));
}

function listRow(row: GroupedRow, fields: readonly RunField[], labels: Found['labels']): ListRow {
  if (!('run' in row)) {
    const { members, ...head } = row;
    return members === undefined ? head : { ...head, cells: fields.map((field) => groupCell(members, field)) };
  }
  const { run, depth, parts } = row;
  const { place, name, experiment, status, start, end, error } = run;
  const progress = stepsOf(run);
  const cells = fields.map((field) => cellOf(field.of(run)));
  const label = labels.get(run) ?? name;
  return { place, name, label, experiment, status, start, end, error, depth, parts, progress, cells };
}

function groupCell(members: readonly PlacedRun[], { kind, of }: RunField): GroupCell {
  const values = members.map(of).filter((value) => value !== undefined);
  if (kind !== 'metrics') return new Set(values).size === 1 ? cellOf(values[0]) : null;
  const numbers = values.map(Number).filter(Number.isFinite);
  if (numbers.length === 0) return null;
  const { mean, deviation } = spread(numbers);
  return { mean, deviation: numbers.length > 1 ? deviation : null };
}

/** A value as JSON, which has no NaN and no infinities. */
function cellOf(value: string | number | undefined): string | number | null {
  if (value === undefined) return null;
  return typeof value === 'number' && !Number.isFinite(value) ? String(value) : value;
}

function columnOf({ available }: Found, { kind, key }: RunField): RunColumn {
  const known = available.find((column) => column.kind === kind && column.key === key);
  return (
    known ?? {
      field: kind === 'attributes' ? key : `${kind}.\`${key}\``,
      kind,
      key,
      differs: false,
      count: 0,
    }
  );
}

/** Whether a column holds numbers only, and is aligned right. */
function isNumeric({ runs }: Found, { kind, of }: RunField): boolean {
  if (kind === 'metrics') return true;
  const values = runs.map(of).filter((value) => value !== undefined && value !== 'null');
  return values.length > 0 && values.every((value) => value !== '' && !Number.isNaN(Number(value)));
}

function readField(field: string): RunField {
  return asked(() => parseField('the columns', field));
}

/** Turns a UsageError into a response with status 400. */
function asked<T>(what: () => T): T {
  try {
    return what();
  } catch (error) {
    if (error instanceof UsageError) throw new HttpProblem(400, error.message);
    throw error;
  }
}
