// Filters and orders of runs: a table of expressions over a few runs, and errors of invalid ones.

import { describe, expect, it } from 'vitest';
import { UsageError } from '../../src/lib/base/errors.js';
import { parseFilter } from '../../src/lib/tracking/query/filter.js';
import { likePattern } from '../../src/lib/tracking/query/like-pattern.js';
import { orderRuns } from '../../src/lib/tracking/query/order-runs.js';
import { questionFields } from '../../src/lib/tracking/query/question-fields.js';
import type { RunSummary } from '../../src/lib/tracking/stored/run-summary.js';

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
    // The example of MLflow's search syntax, with names of this library.
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

describe('LIKE', () => {
  const expression = (pattern: string, flags: string) => {
    const source = pattern.replace(/\\?[\s\S]/gu, (piece) =>
      piece === '%'
        ? '[^]*'
        : piece === '_'
          ? '[^]'
          : piece.replace(/^\\(?=.)/su, '').replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&'),
    );
    return new RegExp(`^${source}$`, flags);
  };

  it('agrees with an expression, for every short pattern and text', () => {
    const words = (letters: string, longest: number): string[] => {
      const found = [''];
      for (let from = 0, length = 0; length < longest; length++) {
        const to = found.length;
        for (; from < to; from++) for (const letter of letters) found.push(found[from] + letter);
      }
      return found;
    };
    const texts = words('ab%', 5);
    for (const pattern of words('ab%_\\', 4)) {
      const matches = likePattern(pattern, false);
      const wanted = expression(pattern, 'u');
      expect([pattern, texts.filter(matches)]).toEqual([pattern, texts.filter((text) => wanted.test(text))]);
    }
  });

  it('knows patterns longer than a word of bits, letters of several units, and cases', () => {
    const long = 'x'.repeat(31);
    for (const length of [30, 31, 32, 33, 63, 64, 65, 100]) {
      const text = 'ab'.repeat(length).slice(0, length);
      expect(likePattern(text, false)(text)).toBe(true);
      expect(likePattern(`${text}c`, false)(text)).toBe(false);
      expect(likePattern(`%${text}%`, false)(`${long}${text}${long}`)).toBe(true);
      expect(likePattern(`${'_'.repeat(length)}%`, false)(text)).toBe(true);
      expect(likePattern(`${'_'.repeat(length + 1)}%`, false)(text)).toBe(false);
    }
    expect(likePattern('_b', false)('🎬b')).toBe(true);
    expect(likePattern('%ÄÖ%', true)('xäöy')).toBe(true);
    expect(likePattern('straße', true)('STRAßE')).toBe(true);
    expect(likePattern('%ÄÖ%', false)('xäöy')).toBe(false);
  });

  it('reads each character once, whatever the pattern', () => {
    const text = 'a'.repeat(200_000);
    const before = process.cpuUsage();
    for (const pattern of [
      '%_%_%_%_%_%_%_zz',
      `${'%a'.repeat(200)}%b`,
      `${'%_a'.repeat(100)}z`,
      `%${'_'.repeat(300)}b`,
    ]) {
      expect(likePattern(pattern, false)(text)).toBe(false);
      expect(likePattern(pattern, true)(text)).toBe(false);
    }
    const { user } = process.cpuUsage(before);
    expect(user / 1e6).toBeLessThan(5);
  });
});

describe('what is asked too much', () => {
  it.each([
    ['a filter that is too long', `name = '${'x'.repeat(20_000)}'`, 'has 20009 characters, expected at most 10000'],
    ['parentheses', '('.repeat(4000), 'at character 101: conditions are nested more than 100 deep'],
    ['not', 'not '.repeat(2000), 'conditions are nested more than 100 deep'],
  ])('%s is refused in a short sentence', (_, filter, sentence) => {
    expect(() => parseFilter(filter)).toThrow(sentence);
    try {
      parseFilter(filter);
    } catch (error) {
      expect(error).toBeInstanceOf(UsageError);
      expect((error as Error).message.length).toBeLessThan(400);
    }
  });

  it('is no long list of conditions', () => {
    const filter = Array(300).fill("(not status = 'failed')").join(' and ');
    expect(select(filter)).toBe('acde');
  });
});

describe('a name that no run has', () => {
  const questions = (filter: string) => questionFields(RUNS, parseFilter(filter).fields);

  it.each([
    ['metrics.flick < 1', 'no run has metrics.flick; did you mean metrics.flicker?'],
    ['metrics.Flicker < 1', 'no run has metrics.Flicker; did you mean metrics.flicker?'],
    ['metrics.flikcer < 1', 'no run has metrics.flikcer; did you mean metrics.flicker?'],
    ['metrics.strength < 1', 'no run has metrics.strength; did you mean params.strength?'],
    ["params.purpose = 'x'", 'no run has params.purpose; did you mean tags.purpose?'],
    ['metrics.loss < 1', 'no run has metrics.loss; did you mean metrics.`val loss`?'],
    ['metrics.xyz < 1', 'no run has metrics.xyz; there are metrics.flicker, metrics.`val loss`'],
  ])('%s is asked about', (filter, question) => {
    expect(questions(filter)).toEqual([question]);
  });

  it('is asked about once, and names that one run has are not', () => {
    expect(
      questions("metrics.`val loss` < 1 and params.sampler = 'x' and tags.purpose IS NULL and user = 'x'"),
    ).toEqual([]);
    expect(questions('metrics.xyz < 1 or metrics.xyz > 2')).toHaveLength(1);
    expect(questionFields([], parseFilter('metrics.xyz < 1').fields)).toEqual([]);
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
