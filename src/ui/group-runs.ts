// Groups runs by experiment, by the parent run, or by the value of a setting.

import { groupBy } from '../lib/base/group-by.js';
import type { RunField } from '../lib/tracking/query/run-fields.js';
import type { PlacedRun } from './run-source.js';

/** What runs are grouped by. */
export type Grouping = 'none' | 'experiment' | 'parent' | RunField;

/** The head of a group. */
export interface GroupHead {
  readonly group: string;
  readonly title: string;
  readonly count: number;
  readonly open: boolean;
  /** The runs of a group by a setting, over which means are taken. */
  readonly members?: readonly PlacedRun[];
}

/** A row of a grouped table. */
export type GroupedRow =
  | GroupHead
  | { readonly run: PlacedRun; readonly depth: 0 | 1; readonly parts?: Omit<GroupHead, 'title' | 'members'> };

/** Groups sorted runs; the runs of `closed` groups are omitted. */
export function groupRuns(runs: readonly PlacedRun[], by: Grouping, closed: ReadonlySet<string>): GroupedRow[] {
  if (by === 'none') return runs.map((run) => ({ run, depth: 0 }));
  if (by === 'parent') return byParent(runs, closed);
  if (by !== 'experiment') return bySetting(runs, by, closed);
  return headed(
    groupBy(runs, ({ experiment }) => experiment),
    closed,
    (title) => ({ title }),
  );
}

/** Groups by the values of a setting, in their order; runs without it come last. */
function bySetting(runs: readonly PlacedRun[], { key, of }: RunField, closed: ReadonlySet<string>): GroupedRow[] {
  const groups = [...groupBy(runs, (run) => String(of(run) ?? ''))];
  groups.sort(([a], [b]) => Number(a === '') - Number(b === '') || a.localeCompare(b, 'en', { numeric: true }));
  return headed(groups, closed, (value, members) => ({
    title: value === '' ? `without ${key}` : `${key} ${value}`,
    members,
  }));
}

/** Rows of groups below their heads. */
function headed(
  groups: Iterable<[name: string, members: PlacedRun[]]>,
  closed: ReadonlySet<string>,
  told: (name: string, members: PlacedRun[]) => Pick<GroupHead, 'title' | 'members'>,
): GroupedRow[] {
  return [...groups].flatMap(([group, members]): GroupedRow[] => {
    const open = !closed.has(group);
    const head = { group, count: members.length, open, ...told(group, members) };
    return [head, ...(open ? members.map((run) => ({ run, depth: 0 as const })) : [])];
  });
}

/** Groups by the topmost parent: a child of a child is shown at the same level, so that there are two levels only. */
function byParent(runs: readonly PlacedRun[], closed: ReadonlySet<string>): GroupedRow[] {
  const byId = new Map(runs.map((run) => [run.id, run]));
  const topOf = (run: PlacedRun): string => {
    const seen = new Set<string>();
    let [id, at]: [string, PlacedRun | undefined] = [run.id, run];
    while (at?.parent !== undefined && !seen.has(id)) {
      seen.add(id);
      id = at.parent;
      at = byId.get(id);
    }
    return id;
  };
  const families = groupBy(runs, topOf);
  return runs.flatMap((run): GroupedRow[] => {
    const group = topOf(run);
    const family = families.get(group)!;
    const top = byId.get(group);
    // Where the parent is not among these runs, its children come in place of the first of them.
    if (run !== (top ?? family[0])) return [];
    const members = family.filter((each) => each !== top);
    const parts = { group, count: members.length, open: !closed.has(group) };
    const below = parts.open ? members.map((each) => ({ run: each, depth: 1 as const })) : [];
    const title = `parts of a run that is not shown (${group.slice(0, 8)})`;
    return [top ? { run: top, depth: 0, ...(members.length > 0 && { parts }) } : { ...parts, title }, ...below];
  });
}
