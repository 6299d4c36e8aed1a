// Groups runs by experiment, by the parent run, or by the value of a setting.

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

/** The rows of a grouped table, in order. */
export interface Grouped {
  readonly rows: readonly (
    | GroupHead
    | {
        readonly run: PlacedRun;
        readonly depth: 0 | 1;
        readonly parts?: { readonly group: string; readonly count: number; readonly open: boolean };
      }
  )[];
}

/** Groups sorted runs; the runs of `closed` groups are omitted. */
export function groupRuns(runs: readonly PlacedRun[], by: Grouping, closed: ReadonlySet<string>): Grouped {
  if (by === 'none') return { rows: runs.map((run) => ({ run, depth: 0 })) };
  if (by === 'experiment')
    return headed(
      collect(runs, ({ experiment }) => experiment),
      closed,
      (title) => ({ title }),
    );
  return by === 'parent' ? byParent(runs, closed) : bySetting(runs, by, closed);
}

/** Groups by the values of a setting, in their order; runs without it come last. */
function bySetting(runs: readonly PlacedRun[], { key, of }: RunField, closed: ReadonlySet<string>): Grouped {
  const groups = [...collect(runs, (run) => String(of(run) ?? ''))];
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
): Grouped {
  const rows = [...groups].flatMap(([group, members]): Grouped['rows'] => {
    const open = !closed.has(group);
    const head = { group, count: members.length, open, ...told(group, members) };
    return [head, ...(open ? members.map((run) => ({ run, depth: 0 as const })) : [])];
  });
  return { rows };
}

/** Groups by the topmost parent: a child of a child is shown at the same level, so that there are two levels only. */
function byParent(runs: readonly PlacedRun[], closed: ReadonlySet<string>): Grouped {
  const byId = new Map(runs.map((run) => [run.id, run]));
  const topOf = (run: PlacedRun): PlacedRun | string | undefined => {
    const seen = new Set<string>();
    let at = run;
    while (at.parent !== undefined && !seen.has(at.id)) {
      seen.add(at.id);
      const above = byId.get(at.parent);
      if (above === undefined) return at.parent;
      at = above;
    }
    return at === run ? undefined : at;
  };
  const parts = new Map<string, PlacedRun[]>();
  const tops: (PlacedRun | { lost: string })[] = [];
  for (const run of runs) {
    const top = topOf(run);
    if (top === undefined) tops.push(run);
    else {
      const id = typeof top === 'string' ? top : top.id;
      const members = parts.get(id) ?? [];
      // The parent is not among these runs: its children come in place of the first of them.
      if (typeof top === 'string' && members.length === 0) tops.push({ lost: id });
      members.push(run);
      parts.set(id, members);
    }
  }
  const rows = tops.flatMap((top): Grouped['rows'] => {
    const id = 'lost' in top ? top.lost : top.id;
    const members = parts.get(id) ?? [];
    const open = !closed.has(id);
    const below = open ? members.map((run) => ({ run, depth: 1 as const })) : [];
    if ('lost' in top) {
      return [
        { group: id, title: `parts of a run that is not shown (${id.slice(0, 8)})`, count: members.length, open },
        ...below,
      ];
    }
    return [
      { run: top, depth: 0, ...(members.length > 0 && { parts: { group: id, count: members.length, open } }) },
      ...below,
    ];
  });
  return { rows };
}

/** Items by a key, in the order of the first of each. */
export function collect<T>(items: readonly T[], key: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const name = key(item);
    const members = groups.get(name);
    if (members) members.push(item);
    else groups.set(name, [item]);
  }
  return groups;
}
