// Outputs of `show` in a script: texts and files. Those in a notebook are in jupyter.test.ts.

import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { show } from '../../src/lib/notebook/show.js';
import { showTraining } from '../../src/lib/notebook/show-training.js';
import type { Frame } from '../../src/lib/tensor/frame.js';
import { trackRun } from '../../src/lib/tracking/log/track-run.js';
import { openVideo } from '../../src/lib/video/read/open-video.js';
import { writeVideo } from '../../src/lib/video/write/write-video.js';
import { plot } from './plot.js';

/** Frames of one colour with increasing brightness. */
const frames = [40, 80, 120, 160].map(
  (level): Frame => ({ width: 32, height: 16, data: new Uint8Array(3 * 32 * 16).fill(level) }),
);

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
    await show({ compare: [path, frames], labels: ['before', 'after'] }, { folder });
    await show({ frames, labels: ['a', 'b', 'c', 'd'] }, { folder });
    await show({ plot }, { folder });
    await show({ plot }, { folder });
    const written = ['video.mp4', 'grid.mp4', 'grid-2.mp4', 'frames.png', 'A-B-.png', 'A-B--2.png'];
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
    await expect(show({ compare: [frames] } as never)).rejects.toThrow('there are 1 videos to compare; give two');
    await expect(show({ frames: [] })).rejects.toThrow('show: there are no frames; give at least one');
    await expect(show({ picture: 1 } as never)).rejects.toThrow(
      'show: there is picture; give one of video, compare, grid',
    );
  });
});
