// Sweep files: the result of valid ones, the errors of invalid ones, and that the published JSON schema equals the code's.

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { root } from '../../scripts/setup.js';
import { parseSweep, readSweepFile } from '../../src/lib/sweeps/file/read-sweep-file.js';
import { sweepJsonSchema } from '../../src/lib/sweeps/file/sweep-schema.js';
import { scratchFolder } from './tiny.js';

const scratch = scratchFolder();

const HEAD = `method: grid
video: shot.mp4
model: sd15
`;

/** The error about a text. */
function complaint(text: string): string {
  try {
    parseSweep(text, 'sweep.yaml');
  } catch (error) {
    expect((error as Error).name).toBe('UsageError');
    return (error as Error).message;
  }
  return 'nothing';
}

describe('a sweep file', () => {
  it('in YAML and in JSON is the same, with paths from its own folder', async () => {
    const folder = join(scratch, 'sweeps');
    mkdirSync(folder);
    const yaml = `${HEAD}edits: [night.png, {file: /far/day.png, frame: 3, prompt: day}]
parameters:
  strength: {values: [0.325, 0.45]}
  learning_rate: {value: 1e-5}
  loras: {values: [[], [a.safetensors]]}
  controls: {values: [[], [{kind: depth, path: edges, scale: 0.8, end: 0.5, map: depth.mp4}]]}
`;
    writeFileSync(join(folder, 'night shot.yaml'), yaml);
    const read = await readSweepFile(join(folder, 'night shot.yaml'));
    expect(read.name).toBe('night-shot');
    expect(read.sweep).toEqual({
      method: 'grid',
      video: join(folder, 'shot.mp4'),
      model: join(folder, 'sd15'),
      edits: [{ file: join(folder, 'night.png') }, { file: '/far/day.png', frame: 3, prompt: 'day' }],
      parameters: {
        strength: { values: [0.325, 0.45] },
        learning_rate: { value: 1e-5 },
        loras: { values: [[], [{ file: join(folder, 'a.safetensors') }]] },
        controls: {
          values: [
            [],
            [{ kind: 'depth', path: join(folder, 'edges'), scale: 0.8, end: 0.5, map: join(folder, 'depth.mp4') }],
          ],
        },
      },
    });
    writeFileSync(join(folder, 'night.json'), JSON.stringify(read.sweep, null, 1));
    expect((await readSweepFile(join(folder, 'night.json'))).sweep).toEqual(read.sweep);
  });

  it('has the published schema', () => {
    const path = join(root, 'assets/sweep.schema.json');
    // RENEW_SCHEMA=1 npx vitest run test/sweeps/read-sweep-file.test.ts, then npm run format
    if (process.env.RENEW_SCHEMA) writeFileSync(path, JSON.stringify(sweepJsonSchema(), null, 2));
    expect(JSON.parse(readFileSync(path, 'utf8'))).toEqual(sweepJsonSchema());
  });
});

describe('is told', () => {
  it.each([
    [
      'an unknown key',
      `${HEAD}run_caps: 3\nparameters: {}`,
      'sweep.yaml:4: run_caps is not known; did you mean run_cap?',
    ],
    [
      'a setting at the top',
      `${HEAD}strength: 0.5\nparameters: {}`,
      'sweep.yaml:4: strength is not known; put it under parameters, as {value: ...}',
    ],
    [
      'an unknown setting',
      `${HEAD}parameters:\n  seed: {value: 1}\n  learning-rates: {value: 1}`,
      'sweep.yaml:6: parameters.learning-rates is not known; did you mean learning_rate?',
    ],
    [
      'an unknown key of a setting',
      `${HEAD}parameters:\n  strength:\n    valeus: [1]`,
      'sweep.yaml:6: parameters.strength.valeus is not known; did you mean values?',
    ],
    [
      'a key that is very long, in what can be read',
      `${HEAD}parameters:\n  strength:\n    ${'x'.repeat(900)}: [1]`,
      `sweep.yaml:6: parameters.strength.${'x'.repeat(47)}... is not known; the keys there are value, values, probabilities, distribution, min, max, mu, sigma, q`,
    ],
    [
      'a key of metric',
      `${HEAD}metric: {name: psnr, gaol: maximize}\nparameters: {}`,
      'sweep.yaml:4: metric.gaol is not known; did you mean goal?',
    ],
    [
      'a wrong type',
      `${HEAD}parameters:\n  strength:\n    values: [0.4, a lot]`,
      'sweep.yaml:6: parameters.strength.values[1] is "a lot", expected a number',
    ],
    [
      'a bare value',
      `${HEAD}parameters:\n  strength: 0.45`,
      'sweep.yaml:5: parameters.strength is 0.45, expected keys with values: {value: 0.45}',
    ],
    [
      'one value as values',
      `${HEAD}parameters:\n  strength: {values: 0.45}`,
      'sweep.yaml:5: parameters.strength.values is 0.45, expected a list, such as [0.45]',
    ],
    [
      'a value out of range',
      `${HEAD}parameters:\n  strength: {value: 1.5}`,
      'sweep.yaml:5: parameters.strength.value is 1.5, expected a number of at most 1',
    ],
    [
      'half a step',
      `${HEAD}parameters:\n  steps: {value: 1.5}`,
      'sweep.yaml:5: parameters.steps.value is 1.5, expected a whole number',
    ],
    [
      'an unknown sampler',
      `${HEAD}parameters:\n  sampler: {value: ddpm}`,
      /^sweep.yaml:5: parameters.sampler.value is "ddpm", expected one of ddim, /,
    ],
    [
      'no values',
      `${HEAD}parameters:\n  seed: {values: []}`,
      /^sweep.yaml:5: parameters.seed.values is \[\], expected at least one/,
    ],
    [
      'nothing at all',
      `${HEAD}parameters:\n  seed: {}`,
      'sweep.yaml:5: parameters.seed names no values; expected value, values, or min and max',
    ],
    [
      'min above max',
      `${HEAD}parameters:\n  seed: {min: 5, max: 2}`,
      'sweep.yaml:5: parameters.seed.min is 5 and above max, which is 2; exchange them',
    ],
    [
      'min alone',
      `${HEAD}parameters:\n  seed: {min: 5}`,
      'sweep.yaml:5: parameters.seed has min without max; expected both',
    ],
    [
      'value and values',
      `${HEAD}parameters:\n  seed: {value: 1, values: [2]}`,
      'sweep.yaml:5: parameters.seed.values contradicts value; give one of the two',
    ],
    [
      'values and a range',
      `${HEAD}parameters:\n  seed: {values: [2], min: 1, max: 2}`,
      'sweep.yaml:5: parameters.seed.min contradicts values; give one of the two',
    ],
    [
      'a range that leaves the setting',
      `method: random\nrun_cap: 3\nvideo: a\nmodel: b\nparameters:\n  strength: {min: 0.1, max: 2}`,
      /^sweep.yaml:6: parameters.strength.max reaches 2, which strength cannot be/,
    ],
    [
      'fractions for whole numbers',
      `method: random\nrun_cap: 3\nvideo: a\nmodel: b\nparameters:\n  steps: {min: 10, max: 50, distribution: uniform}`,
      'sweep.yaml:6: parameters.steps.distribution is uniform but steps takes whole numbers; use int_uniform or q_uniform',
    ],
    [
      'exponents in place of values',
      `method: random\nrun_cap: 3\nvideo: a\nmodel: b\nparameters:\n  strength: {min: 0.1, max: 0.9, distribution: log_uniform}`,
      /parameters.strength.min reaches 1.1.*log_uniform takes exponents; log_uniform_values takes values/,
    ],
    [
      'a grid without end',
      `${HEAD}parameters:\n  strength: {min: 0.1, max: 0.9}`,
      /^sweep.yaml:5: parameters.strength is uniform, which has endlessly many values for a grid; list values, use q_uniform/,
    ],
    [
      'a metric that does not exist',
      `${HEAD}metric: {name: accuracy}\nparameters: {}`,
      /^sweep.yaml:4: metric.name is "accuracy", expected one of frame_difference, .*, training_loss, forgetting$/,
    ],
    ['no method', 'video: a\nmodel: b\nparameters: {}', 'sweep.yaml: method is missing, expected one of grid, random'],
    [
      'no video',
      'method: grid\nmodel: b\nparameters: {}',
      'sweep.yaml: video is missing; expected the path of a video',
    ],
    ['no parameters', `${HEAD}`, 'sweep.yaml: parameters is missing, expected keys with values'],
    [
      'a search without end',
      'method: random\nvideo: a\nmodel: b\nparameters: {}',
      'sweep.yaml: run_cap is missing; a random search needs the number of points, such as 20',
    ],
    [
      'a setting twice',
      `${HEAD}prompt: a\nparameters:\n  prompt: {value: b}`,
      'sweep.yaml:6: parameters.prompt is given at the top of the file too; keep one of them',
    ],
    [
      'halving without a metric',
      `${HEAD}early_terminate: {type: hyperband, min_iter: 100}\nparameters: {}`,
      'sweep.yaml: metric is missing; early_terminate needs one to judge by',
    ],
    [
      'another kind of ending',
      `${HEAD}metric: {name: psnr}\nearly_terminate: {type: median}\nparameters: {}`,
      /^sweep.yaml:5: early_terminate.type is "median", expected hyperband/,
    ],
    ['not YAML', 'method: [grid', /^sweep.yaml:1: .*; correct the YAML$/],
    [
      'a key twice',
      'method: grid\nmethod: random',
      'sweep.yaml:2: this key stands twice in the same place; correct the YAML',
    ],
    ['nothing', '', 'sweep.yaml: is empty; expected a sweep with method, video, model and parameters'],
    ['a list', '[1, 2]', 'sweep.yaml: the file is [1,2], expected keys with values'],
  ])('about %s', (_, text, expected) => {
    const said = complaint(text);
    if (typeof expected === 'string') expect(said).toBe(expected);
    else expect(said).toMatch(expected);
  });

  it('about several mistakes at once', () => {
    expect(complaint(`${HEAD}run_cap: 0\nparameters:\n  steps: {value: 0}`).split('\n')).toEqual([
      'sweep.yaml:4: run_cap is 0, expected a number of at least 1.',
      'sweep.yaml:6: parameters.steps.value is 0, expected a number of at least 1',
    ]);
  });

  it('that it is missing', async () => {
    await expect(readSweepFile(join(scratch, 'none.yaml'))).rejects.toThrow(
      /none.yaml: no such file; expected a sweep/,
    );
    await expect(readSweepFile(scratch)).rejects.toThrow(/is a folder; expected a sweep/);
  });
});

describe('what YAML can do', () => {
  const PARAMETERS = 'parameters: {steps: {value: 4}}';

  it('merges keys as << says', () => {
    const sweep = parseSweep(
      `${HEAD}parameters:\n  guidance: &g {distribution: q_uniform, q: 1, min: 1, max: 3}\n  strength: {<<: *g, q: 0.25, min: 0.25, max: 0.5}`,
      'sweep.yaml',
    );
    expect(sweep.parameters.strength).toEqual({ distribution: 'q_uniform', q: 0.25, min: 0.25, max: 0.5 });
  });

  it('begins with a byte order mark', () => {
    expect(parseSweep(`\uFEFF${HEAD}${PARAMETERS}`, 'sweep.yaml').method).toBe('grid');
  });

  const bomb = ['a: &a0 [1]', ...Array.from({ length: 30 }, (_, i) => `b${i}: &a${i + 1} [${`*a${i},`.repeat(9)}]`)];
  const cases: [string, string, string | RegExp][] = [
    [
      'aliases of aliases',
      `${HEAD}${bomb.join('\n')}`,
      /^sweep\.yaml:\d+: its aliases stand for more than 100000 values/,
    ],
    ['a cycle', `${HEAD}x: &x [*x]`, 'sweep.yaml:4: *x stands within itself'],
    ['a cycle of keys', `${HEAD}x: &x {y: {<<: *x}}`, 'sweep.yaml:4: *x stands within itself'],
    ['a merge of a number', `${HEAD}parameters: {strength: {<<: 5}}`, 'sweep.yaml:4: << takes keys with values'],
    ['two documents', `${HEAD}${PARAMETERS}\n---\nmethod: grid`, /^sweep\.yaml:\d+: a second document begins here/],
    ['a key that stands twice', `${HEAD}method: grid`, 'sweep.yaml:4: this key stands twice'],
    [
      '.nan',
      `${HEAD}parameters: {strength: {value: .nan}}`,
      'sweep.yaml:4: parameters.strength.value is NaN, expected a number',
    ],
    [
      '.inf',
      `${HEAD}parameters: {strength: {min: 0.1, max: .inf}}`,
      'sweep.yaml:4: parameters.strength.max is Infinity',
    ],
    ['__proto__', `${HEAD}__proto__: {method: grid}`, 'sweep.yaml:4: __proto__ is not known'],
    ['a key that is a list', `${HEAD}? [a]\n: b`, 'sweep.yaml:4: a key is missing or is no word'],
    ['a tag', `${HEAD}prompt: !!js/function x`, 'sweep.yaml:4: Unresolved tag'],
    ['a tab', `${HEAD}parameters:\n\tsteps: {value: 4}`, /^sweep\.yaml:5: .*[Tt]ab/],
    ['brackets without an end', `${HEAD}x: ${'['.repeat(100_000)}`, 'sweep.yaml:4: is nested deeper than'],
    ['dashes without an end', `${HEAD}x:\n${'- '.repeat(100_000)}`, 'sweep.yaml:5: is nested deeper than'],
    ['levels of keys', `${HEAD}x: ${'{a: '.repeat(50)}1${'}'.repeat(50)}`, 'sweep.yaml:4: is nested deeper than 32'],
    ['a megabyte', `${HEAD}# ${'x'.repeat(1 << 20)}`, 'sweep.yaml: is 1025 kB long, at most 256 kB are read'],
  ];
  it.each(cases)('%s is refused with its line', (_, text, sentence) => {
    expect(() => parseSweep(text, 'sweep.yaml')).toThrow(sentence);
  });
});
