// Outputs of `show`: those of a cell in a real kernel, and texts and files of a script.

import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { executeNotebook, type Output, readNotebook, saveNotebook, textOf } from '../../scripts/execute-notebook.js';
import { root } from '../../scripts/setup.js';
import { show } from '../../src/lib/notebook/show.js';
import { showTraining } from '../../src/lib/notebook/show-training.js';
import type { Frame } from '../../src/lib/tensor/frame.js';
import { trackRun } from '../../src/lib/tracking/log/track-run.js';
import { openVideo } from '../../src/lib/video/read/open-video.js';
import { writeVideo } from '../../src/lib/video/write/write-video.js';
import { type NotebookPlace, openNotebooks } from './kernel.js';

/** Frames of one colour with increasing brightness. */
const frames = [40, 80, 120, 160].map(
  (level): Frame => ({ width: 32, height: 16, data: new Uint8Array(3 * 32 * 16).fill(level) }),
);
const plot = {
  title: 'A & <B>',
  xLabel: 'frame',
  lines: [
    {
      label: 'one',
      points: [
        [0, 1],
        [1, 3],
      ] as [number, number][],
    },
  ],
};

describe('in a script', () => {
  let folder: string;
  let printed: string[];
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'steadyframe-shown-'));
    printed = [];
    vi.spyOn(console, 'log').mockImplementation((line) => printed.push(String(line)));
  });
  afterEach(() => {
    vi.restoreAllMocks();
    rmSync(folder, { recursive: true, force: true });
  });

  it('a table is printed, its numbers with four digits and flush right', async () => {
    const table = [
      { arm: 'plain', error: 0.123456 },
      { arm: 'tuned', error: null, edited: true },
    ];
    await show({ table }, { caption: 'Two arms' });
    expect(printed).toEqual(['arm     error  edited\nplain  0.1235\ntuned       –    true\nTwo arms']);
  });

  it('a video, a grid, frames and a plot become files, and their paths are printed', async () => {
    const path = join(folder, 'shot.mp4');
    await writeVideo(
      path,
      (async function* () {
        yield* frames;
      })(),
      { frameRate: 8 },
    );
    await show({ video: path }, { folder });
    await show({ video: frames, frameRate: 5 }, { folder });
    await show({ grid: [path, frames], columns: 2 }, { folder });
    await show({ frames, labels: ['a', 'b', 'c', 'd'] }, { folder });
    await show({ plot }, { folder });
    await show({ plot }, { folder });
    const written = ['video.mp4', 'grid.mp4', 'frames.png', 'A-B-.png', 'A-B--2.png'];
    expect(printed.map((line) => line.split('/').at(-1))).toEqual(['shot.mp4', ...written]);
    expect(readdirSync(folder).sort()).toEqual(['shot.mp4', ...written].sort());
    // The grid is in one row, with the rate of the first video that has one.
    expect(await openVideo(join(folder, 'grid.mp4'))).toMatchObject({ width: 64, height: 16, frameRate: 8 });
    expect((await openVideo(join(folder, 'video.mp4'))).frameRate).toBe(5);
    expect(await sharp(join(folder, 'A-B-.png')).metadata()).toMatchObject({ format: 'png', width: 1200 });
  });

  it('a run is printed as what it was and what it came to', async () => {
    const options = { experiment: 'shown', name: 'first', parameters: { strength: 0.45 }, root: folder };
    const run = await trackRun(options, async (each) => {
      each.logMetrics({ edit_strength: 20.91234, own: 3 });
      return each;
    });
    await show({ run: run.folder });
    expect(printed.join().replace(/, [\d.e−]+ s$/m, '')).toBe(
      'shown/first: finished\n  strength: 0.45\n  edit strength (0..255): 20.91\n  own: 3',
    );
  });

  it('a training is run to its end, and gives what it returns', async () => {
    async function* steps() {
      for (const iteration of [1, 2, 3]) yield { iteration, loss: 1 / iteration };
    }
    const training = Object.assign(Promise.resolve('the result'), { [Symbol.asyncIterator]: steps });
    const seen: number[] = [];
    expect(await showTraining(training, { folder, onStep: ({ loss }) => seen.push(loss) })).toBe('the result');
    expect(seen).toEqual([1, 1 / 2, 1 / 3]);
    expect(readdirSync(folder)).toEqual(['loss-over-3-iterations.png']);
  });

  it('what cannot be shown is said', async () => {
    await expect(show({ video: join(folder, 'none.mp4') })).rejects.toThrow(/none\.mp4/);
    await expect(show({ frames: [] })).rejects.toThrow('show: there are no frames; give at least one');
    await expect(show({ picture: 1 } as never)).rejects.toThrow('show: there is picture; give one of video, grid');
  });
});

const CELLS = [
  `import { liveProgress, show, showTraining } from 'steadyframe';
   const frames = [40, 80].map((level) => ({ width: 32, height: 16, data: new Uint8Array(3 * 32 * 16).fill(level) }));
   await show({ video: frames, frameRate: 4 }, { width: 64, caption: 'a <small> one' });`,
  `await show({ video: frames }, { embedBelow: 1 });`,
  `await show({ grid: [frames, frames] });
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

describe('in a notebook', () => {
  let place: NotebookPlace | { readonly missing: string };
  let outputs: Output[][];
  beforeAll(async () => {
    place = await openNotebooks();
    if ('missing' in place) return;
    const { metadata, nbformat, nbformat_minor } = await readNotebook(join(root, 'notebooks/04-metrics.ipynb'));
    const cells = CELLS.map((source, i) => ({
      cell_type: 'code',
      id: `c${i}`,
      metadata: {},
      source,
      outputs: [],
      execution_count: null,
    }));
    saveNotebook(
      join(place.workspace.notebooks, 'shown.ipynb'),
      { cells, metadata, nbformat, nbformat_minor },
      place.workspace,
    );
    const { notebook, failure } = await executeNotebook(place.python, place.workspace, 'shown.ipynb');
    expect(failure).toBeUndefined();
    outputs = notebook.cells.map((cell) => cell.outputs ?? []);
  }, 900_000);
  afterAll(() => 'close' in place && place.close());

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
        expect(existsSync(join((place as NotebookPlace).workspace.notebooks, 'shown/video.mp4'))).toBe(true);
      },
    ],
    [
      'a grid, frames and a table are outputs of their own',
      2,
      () => {
        expect(types(2)).toEqual([
          ['image/png', 'text/html', 'text/plain'],
          ['image/png', 'text/plain'],
          ['text/html', 'text/plain'],
        ]);
        expect(markup(2, 2)).toContain('>&lt;b&gt;</td>');
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
  ] as const)('%s', ([, , check], context) => {
    if ('missing' in place) return context.skip(`there is no nbconvert: ${place.missing}`);
    check();
  });
});
