// Filters and orders of runs: a table of expressions over a few runs, and what is said of those that cannot be read.

import { describe, expect, it } from 'vitest';
import { UsageError } from '../../src/lib/base/errors.js';
import { parseFilter } from '../../src/lib/tracking/filter.js';
import { orderRuns } from '../../src/lib/tracking/order-runs.js';
import type { RunSummary } from '../../src/lib/tracking/run-summary.js';

const machine = { host: 'box', platform: 'linux', arch: 'x64', cpu: 'c', cores: 2, memoryBytes: 1, node: '20' };
const last = (value: number | 'NaN' | 'Infinity') => ({
  last: value,
  step: 0,
  time: 0,
  min: value,
  max: value,
  count: 1,
});

function run(id: string, more: Partial<RunSummary>): RunSummary {
  return {
    id,
    name: id,
    experiment: 'sweep',
    status: 'finished',
    start: `2026-01-0${id.charCodeAt(0) - 96}T00:00:00.000Z`,
    end: `2026-01-0${id.charCodeAt(0) - 96}T00:01:00.000Z`,
    parameters: {},
    inputs: [],
    tags: {},
    version: '0.1.0',
    machine,
    folder: `runs/sweep/${id}`,
    metrics: {},
    ...more,
  };
}

const RUNS: RunSummary[] = [
  run('a', {
    parameters: { strength: 0.45, 'learning rate': 1e-5, prompt: "a city at Night, it's late", strengths: [0.3, 0.45] },
    metrics: { flicker: last(0.1), 'val loss': last(2) },
    tags: { purpose: 'paper', 'mlflow.note.content': 'x' },
    device: 'cpu',
  }),
  run('b', {
    parameters: { strength: '0.75', sampler: 'ddim' },
    metrics: { flicker: last(0.3) },
    status: 'failed',
    user: 'ann',
    git: { commit: 'abc', branch: 'main', dirty: false },
  }),
  run('c', { parameters: { strength: 0.45 }, metrics: { flicker: last('NaN') }, status: 'interrupted', parent: 'a' }),
  run('d', {
    parameters: { strength: 10 },
    metrics: { flicker: last('Infinity') },
    experiment: 'seeds',
    tags: { purpose: 'Draft' },
  }),
  run('e', { name: '100% sure_x', status: 'running', end: undefined } as Partial<RunSummary>),
];

const select = (filter: string) =>
  RUNS.filter(parseFilter(filter))
    .map(({ id }) => id)
    .join('');

describe('a filter', () => {
  it.each([
    // The example of MLflow's search syntax, with our names.
    ["metrics.flicker < 0.2 and params.strength = '0.45'", 'a'],
    ['metrics.flicker < 0.2', 'a'],
    ['metric.flicker >= .3', 'bd'],
    ['metrics.flicker > -1e-3', 'abd'],
    ['metrics.flicker != 0.1', 'bcd'],
    ['metrics.flicker = NaN', 'c'],
    ['metrics.flicker = inf', 'd'],
    ['metrics.flicker <> 0.1 AND metrics.flicker <= 5', 'b'],
    ['metrics.`val loss` = 2', 'a'],
    ['metrics."val loss" == 2.0', 'a'],
    ['metrics.flicker IN (0.1, 0.3)', 'ab'],
    ["params.strength = '0.45'", 'ac'],
    ["params.strength != '0.45'", 'bd'],
    ['params.strength < 0.5', 'ac'],
    ['params.strength > 9', 'd'],
    ['params.strength = 0.750', 'b'],
    ["parameters.`learning rate` = '0.00001'", 'a'],
    ['param.strength IN (0.45, 0.75)', 'abc'],
    ["params.strength NOT IN ('0.45', '10')", 'b'],
    ["params.strengths = '[0.3,0.45]'", 'a'],
    ["params.prompt LIKE '%Night%'", 'a'],
    ["params.prompt LIKE '%night%'", ''],
    ["params.prompt ILIKE '%night%'", 'a'],
    ["params.prompt like 'a city at Night, it''s late'", 'a'],
    ["params.prompt = 'a city at Night, it\\'s late'", 'a'],
    ['params.prompt = "a city at Night, it\'s late"', 'a'],
    ["params.sampler NOT LIKE 'd%'", ''],
    ["params.sampler LIKE 'd__m'", 'b'],
    ["name LIKE '100\\% sure\\_x'", 'e'],
    ["name LIKE '100\\%_sure_x'", 'e'],
    ["name LIKE '100%'", 'e'],
    ["name LIKE '.*'", ''],
    ["tags.purpose = 'paper'", 'a'],
    ["tag.purpose ILIKE 'dr%'", 'd'],
    ["tags.mlflow.note.content = 'x'", 'a'],
    ['tags.purpose IS NULL', 'bce'],
    ['tags.purpose IS NOT NULL', 'ad'],
    ["attributes.status = 'FINISHED'", 'ad'],
    ["status = 'killed'", 'c'],
    ["status != 'finished'", 'bce'],
    ["status IN ('failed', 'interrupted')", 'bc'],
    ["attributes.run_name = 'b'", 'b'],
    ["run_id = 'b' or attr.id = 'c'", 'bc'],
    ["experiment = 'seeds'", 'd'],
    ["user = 'ann'", 'b'],
    ["commit LIKE 'ab%'", 'b'],
    ["parent = 'a'", 'c'],
    ["device = 'cpu'", 'a'],
    ["start_time > '2026-01-03'", 'de'],
    [`attributes.start_time <= ${Date.UTC(2026, 0, 2)}`, 'ab'],
    ["end_time < '2026-01-02T00:00:00Z'", 'a'],
    ['duration = 60', 'abcd'],
    ["not status = 'finished'", 'bce'],
    ["(status = 'failed' or tags.purpose = 'paper') and metrics.flicker < 0.2", 'a'],
    ["status = 'failed' or tags.purpose = 'paper' and metrics.flicker < 0.05", 'b'],
    ["not (status = 'failed' or params.strength = '0.45')", 'de'],
    ['metrics.absent < 1', ''],
    ["  params.strength   =\n'10'  ", 'd'],
  ])('%s admits %s', (filter, expected) => {
    expect(select(filter)).toBe(expected);
  });

  it.each([
    ['metrics.flicker <', 'at its end', 'it ends there, expected a number'],
    [
      'metrics.flicker 0.2',
      'at character 17',
      'found 0.2, expected one of =, !=, <, <=, >, >=, LIKE, ILIKE, IN, IS NULL',
    ],
    ["metrics.flicker < '0.2'", 'at character 19', "found '0.2', expected a number without quotes"],
    ["metrics.flicker LIKE '0.2'", 'at character 17', 'found LIKE, expected one of =, !=, <, <=, >, >= after a metric'],
    ['tags.purpose = 5', 'at character 16', "expected a text in quotes, such as '5': tags are texts"],
    ['params.strength = 0.45 and', 'at its end', 'expected a field such as metrics.flicker'],
    ["params.strength = '0.45", 'at character 19', "''' has no end"],
    ['metrics.`val loss = 2', 'at character 9', "'`' has no end"],
    ["(status = 'failed'", 'at its end', "expected ')'"],
    ["status = 'done'", 'at character 10', "expected one of 'running', 'finished', 'failed', 'interrupted'"],
    ['params.strength = 0.45 params.x = 1', 'at character 24', 'found params.x, expected and, or, or the end'],
    ["params.strength IN '0.45'", 'at character 20', "expected a list such as ('a', 'b')"],
    ["params.strength IN ('0.45' '0.75')", 'at character 28', "expected ',' or ')'"],
    ['status & 1', 'at character 8', "'&' belongs nowhere"],
    ["start_time > 'yesterday'", 'at character 14', "expected a time such as '2026-01-31'"],
    ['params.a not < 2', 'at character 14', 'expected IN, LIKE or ILIKE after NOT'],
    [
      'flicker < 0.2',
      'at character 1',
      "there is no attribute 'flicker'; write metrics.KEY, params.KEY, tags.KEY or one of run_id",
    ],
    ['metrix.flicker < 0.2', 'at character 1', "asks for 'metrix.', expected metrics., params., tags. or attributes."],
    ["params = 'x'", 'at character 1', "'params' needs a key, as in params.strength"],
  ])('%s is refused %s', (filter, where, what) => {
    expect(() => parseFilter(filter)).toThrow(UsageError);
    expect(() => parseFilter(filter)).toThrow(where);
    expect(() => parseFilter(filter)).toThrow(what);
  });
});

describe('an order', () => {
  const order = (...by: string[]) =>
    orderRuns(by)(RUNS)
      .map(({ id }) => id)
      .join('');

  it.each([
    [[], 'edcba'],
    [['metrics.flicker'], 'abdec'],
    [['metrics.flicker DESC'], 'dbaec'],
    [['-metrics.flicker'], 'dbaec'],
    [['params.strength asc'], 'cabde'],
    [['params.strength', 'start_time'], 'acbde'],
    [['attributes.status', '-name'], 'bdace'],
    [['params.`learning rate`'], 'aedcb'],
  ])('by %j is %s', (by, expected) => {
    expect(order(...by)).toBe(expected);
  });

  it('by what is no field is refused', () => {
    expect(() => order('flicker')).toThrow("the order 'flicker': there is no attribute 'flicker'");
    expect(() => order('')).toThrow(UsageError);
  });
});
