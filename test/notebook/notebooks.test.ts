// The project's notebooks: each is executed completely by the tslab kernel, at a smaller size than the saved ones, and must
// show the same kinds of outputs.

import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type Output, readNotebook, setParameters, textOf } from '../../scripts/execute-notebook.js';
import { notebookNames } from '../../scripts/notebooks.js';
import { root } from '../../scripts/setup.js';
import { type CellRunner, openCells } from './cells.js';
import { type NotebookPlace, openNotebooks } from './kernel.js';

const names = notebookNames();
const pathOf = (name: string): string => join(root, 'notebooks', name);
const hasModel = existsSync(join(root, 'models/demo/unet/diffusion_pytorch_model.safetensors'));

/** Smaller numbers than those of the notebooks. */
const SMALL: Record<string, Record<string, number>> = {
  '01-strength-sweep.ipynb': { frameCount: 2, side: 64, stepCount: 4 },
  '02-fixed-seed.ipynb': { frameCount: 3, side: 64, stepCount: 2 },
  '03-finetune.ipynb': { frameCount: 2, side: 64, stepCount: 3, iterationCount: 1 },
  '04-metrics.ipynb': { frameCount: 3, side: 64 },
  '05-compare-runs.ipynb': { frameCount: 2, side: 64, stepCount: 3 },
  '06-steady.ipynb': { frameCount: 3, side: 64, stepCount: 3, passCount: 1 },
};

/**
 * The formats of each cell's outputs, without printed text, without the format of pictures (which depends on their size),
 * and in any order, because outputs that are updated during work begin when it reaches them.
 */
function formats(outputs: readonly Output[]): string[] {
  return outputs
    .flatMap(({ data }) => (data ? [Object.keys(data).map((type) => type.replace(/^image.*/, 'image'))] : []))
    .map((types) => types.sort().join(' '))
    .sort();
}

describe('every notebook', () => {
  let place: NotebookPlace;
  let kernel: CellRunner;
  const before = process.cwd();
  beforeAll(async () => {
    place = await openNotebooks();
    vi.stubEnv('STEADYFRAME_RUNS', join(place.workspace.folder, 'runs'));
    kernel = openCells(place.workspace.notebooks);
  });
  afterAll(() => {
    kernel.close();
    process.chdir(before);
    vi.unstubAllEnvs();
    place.close();
  });

  it.for(names)('%s runs to its end and shows what is saved', async (name, context) => {
    if (!hasModel && name !== '04-metrics.ipynb') return context.skip('models/demo holds no demo model');
    const printed = vi.spyOn(console, 'log').mockImplementation(() => {});
    const notebook = await readNotebook(pathOf(name));
    setParameters(notebook, SMALL[name]);
    kernel.reset();
    const outputs = await kernel.run(notebook.cells);
    expect(outputs.map(formats)).toEqual(notebook.cells.map((cell) => formats(cell.outputs ?? [])));
    expect(printed.mock.calls.length > 0).toBe(JSON.stringify(notebook).includes('"stdout"'));
    printed.mockRestore();
  });
});

describe('the saved notebooks', () => {
  it('are these', () => {
    const expected = [
      ...['01-strength-sweep', '02-fixed-seed', '03-finetune', '04-metrics', '05-compare-runs', '06-steady'],
    ];
    expect(names).toEqual(expected.map((name) => `${name}.ipynb`));
  });

  it('take less than 6 MB together, of which each holds plotly once', () => {
    expect(names.reduce((sum, name) => sum + statSync(pathOf(name)).size, 0)).toBeLessThan(6e6);
  });

  it.for(names)('%s has outputs, no failure and no path of one machine', async (name) => {
    const { cells } = await readNotebook(pathOf(name));
    const outputs = cells.flatMap((cell) => cell.outputs ?? []);
    expect(outputs.filter(({ data }) => data).length).toBeGreaterThanOrEqual(3);
    expect(outputs.filter(({ output_type }) => output_type === 'error')).toEqual([]);
    // Warnings stand in pink boxes, and are for those who work, not for those who read.
    expect(outputs.filter(({ name: stream }) => stream === 'stderr')).toEqual([]);
    expect(JSON.stringify(outputs)).not.toMatch(/https?:\/\/(?!www\.w3\.org)[^"\\]*plotly/);
    // In pieces, so that this file does not contain one itself.
    const place = new RegExp(`(?<![\\w.~+/-])/(${['work', 'root', 'tmp', 'home', 'Users', 'var'].join('|')})/\\w`);
    const strings = outputs.flatMap(({ text, data }) => [
      textOf(text),
      ...Object.values(data ?? {}).map((value) => JSON.stringify(value)),
    ]);
    expect(strings.filter((text) => place.test(text)).map((text) => text.match(place)?.[0])).toEqual([]);
  });

  it.for(names)('%s explains itself, and asks for the TypeScript kernel', async (name) => {
    const { cells } = await readNotebook(pathOf(name));
    const words = cells.filter(({ cell_type }) => cell_type === 'markdown').map(({ source }) => textOf(source));
    expect(words.join(' ').split(/\s+/).length).toBeGreaterThan(300);
    expect(words[0]).toMatch(/^# .*\n\n\*\*In five minutes you will have\*\* /);
    expect(readFileSync(pathOf(name), 'utf8')).toContain('"name": "tslab"');
  });
});
