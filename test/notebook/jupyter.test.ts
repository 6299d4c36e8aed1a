// Jupyter itself: nbconvert and the kernel execute cells, show what `show` gives, and notice what fails.

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { executeNotebook, type Output, readNotebook, saveNotebook, textOf } from '../../scripts/execute-notebook.js';
import { root } from '../../scripts/setup.js';
import { type JupyterPlace, openJupyter } from './kernel.js';
import { plot } from './plot.js';

const CELLS = [
  `import { liveProgress, show, showTraining } from 'steadyframe';
   const frames = [40, 80].map((level) => ({ width: 32, height: 16, data: new Uint8Array(3 * 32 * 16).fill(level) }));
   await show({ video: frames, frameRate: 4 }, { width: 64, caption: 'a <small> one' });`,
  `await show({ video: frames }, { embedBelow: 1 });`,
  `await show({ compare: [frames, frames], labels: ['a', '<b>'] });
   await show({ grid: [frames, frames] });
   await show({ frames: frames });
   await show({ table: [{ name: '<b>', value: 1 / 3 }] });`,
  `await show({ plot: ${JSON.stringify(plot)} });`,
  `const live = liveProgress({ interval: 0 });
   for (let done = 0; done <= 5; done++) live.report({ done, total: 5, label: 'frames' });
   live.close();`,
  `async function* steps() { for (let iteration = 1; iteration <= 50; iteration++) yield { iteration, loss: 1 / iteration }; }
   const training = Object.assign(Promise.resolve(7), { [Symbol.asyncIterator]: steps });
   console.log(await showTraining(training, { iterations: 50, interval: 0 }));`,
];

/** A pending promise of the first cell rejects while the second one runs. */
const LATE = [
  `function fail() { throw new Error('after it'); }
   let go!: () => void; new Promise<void>((resolve) => { go = resolve; }).then(() => setTimeout(fail, 0));`,
  'go(); await new Promise((resolve) => setTimeout(resolve, 500));',
];

let place: JupyterPlace | { readonly missing: string };
beforeAll(async () => {
  place = await openJupyter();
});
afterAll(() => 'close' in place && place.close());

/** Executes cells as a notebook of that name. */
async function execute({ python, workspace }: JupyterPlace, name: string, sources: readonly string[]) {
  const { metadata, nbformat, nbformat_minor } = await readNotebook(join(root, 'notebooks/04-metrics.ipynb'));
  const empty = { cell_type: 'code', metadata: {}, outputs: [], execution_count: null };
  const cells = sources.map((source, i) => ({ ...empty, id: `c${i}`, source }));
  const path = join(workspace.notebooks, name);
  saveNotebook(path, { cells, metadata, nbformat, nbformat_minor }, workspace);
  return executeNotebook(python, workspace, name);
}

it('a cell that fails is noticed', async (context) => {
  if ('missing' in place) return context.skip(`there is no nbconvert: ${place.missing}`);
  const { failure } = await execute(place, 'failing.ipynb', ['throw new Error("in the cell");', '1;']);
  expect(failure).toContain('in the cell');
});

describe('in a notebook', () => {
  let outputs: Output[][];
  let failure: string | undefined;
  beforeAll(async () => {
    if ('missing' in place) return;
    const executed = await execute(place, 'shown.ipynb', [...CELLS, ...LATE]);
    outputs = executed.notebook.cells.map((cell) => cell.outputs ?? []);
    failure = executed.failure;
  });

  const types = (cell: number): string[][] => outputs[cell].map(({ data }) => Object.keys(data ?? {}).sort());
  const markup = (cell: number, output = 0): string => textOf(outputs[cell][output].data?.['text/html'] as string);

  it.for([
    [
      'a small video plays from within, with a picture for those that do not play',
      0,
      () => {
        expect(types(0)).toEqual([['image/png', 'text/html', 'text/plain']]);
        expect(markup(0)).toMatch(/<video controls loop muted playsinline [^>]*src="data:video\/mp4;base64,/);
        expect(markup(0)).toContain('a &lt;small&gt; one');
      },
    ],
    [
      'a large video lies beside the notebook',
      1,
      () => {
        expect(markup(1)).toContain('src="shown/video.mp4"');
        expect(existsSync(join((place as JupyterPlace).workspace.notebooks, 'shown/video.mp4'))).toBe(true);
      },
    ],
    [
      'a comparison, a grid, frames and a table are outputs of their own',
      2,
      () => {
        expect(types(2)).toEqual([
          ['image/png', 'text/html', 'text/plain'],
          ['image/png', 'text/html', 'text/plain'],
          ['image/png', 'text/plain'],
          ['text/html', 'text/plain'],
        ]);
        expect(markup(2)).toContain('>&lt;b&gt;</span>');
        expect(markup(2, 3)).toContain('>&lt;b&gt;</td>');
      },
    ],
    [
      'a plot is one output: for JupyterLab, for nbconvert, and for readers that show pictures alone',
      3,
      () => {
        expect(types(3)).toEqual([['application/vnd.plotly.v1+json', 'image/png', 'text/html', 'text/plain']]);
        const figure = outputs[3][0].data?.['application/vnd.plotly.v1+json'];
        expect(figure).toMatchObject({
          data: [{ name: 'one', x: [0, 1], y: [1, 3] }],
          layout: { title: { text: 'A & <B>' } },
        });
        expect(markup(3).match(/<\/script>/g)).toHaveLength(1);
        // The plotly of the package, once in a notebook: the last curve of the training waits for it.
        expect(markup(3).length).toBeGreaterThan(400_000);
        expect(markup(5, 1).length).toBeLessThan(100_000);
      },
    ],
    [
      'progress is drawn in place: one output, the last',
      4,
      () => {
        expect(types(4)).toEqual([['text/html', 'text/plain']]);
        expect(textOf(outputs[4][0].data?.['text/plain'] as string)).toBe('done');
      },
    ],
    [
      'a training leaves its progress, its curve and what it returns',
      5,
      () => {
        const shown = outputs[5].filter(({ data }) => data);
        expect(shown).toHaveLength(2);
        expect(textOf(outputs[5].find(({ name }) => name === 'stdout')?.text)).toBe('7\n');
      },
    ],
    [
      'a cell whose promises fail after it is noticed, and no other',
      6,
      () => {
        expect(failure).toContain('after it');
        expect(outputs.slice(0, -1).flatMap((all) => all.filter(({ name }) => name === 'stderr'))).toEqual([]);
      },
    ],
  ] as const)('%s', ([, , check], context) => {
    if ('missing' in place) return context.skip(`there is no nbconvert: ${place.missing}`);
    check();
  });
});
