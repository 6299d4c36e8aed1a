// Reports on disk: embedded and separate files, replaced and removed files, and errors.

import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ReportData } from '../../src/lib/report/report-data.js';
import { writeReport } from '../../src/lib/report/write-report.js';
import { stopAfter } from '../stop-after.js';

let folder: string;
let data: ReportData;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'steadyframe-report-'));
  writeFileSync(join(folder, 'a.mp4'), 'video a');
  writeFileSync(join(folder, 'same.mp4'), 'video a');
  writeFileSync(join(folder, 'b.png'), 'picture b');
  data = {
    title: 'Report',
    arms: ['a', 'same'].map((name) => ({ name, label: name, video: join(folder, `${name}.mp4`) })),
    shot: { frameRate: 12, frames: 2, width: 8, height: 8 },
    pictures: [{ title: 'Pictures', pictures: [{ src: join(folder, 'b.png'), alt: 'b' }] }],
    training: { iterations: [1], loss: [1], checkpoints: [{ iteration: 1, picture: join(folder, 'b.png') }] },
  };
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

const base64 = (text: string): string => Buffer.from(text).toString('base64');

describe('writeReport', () => {
  it('puts small videos and pictures into the page', async () => {
    const path = join(folder, 'report.html');
    const { bytes, files } = await writeReport(path, data);
    const page = readFileSync(path, 'utf8');
    expect(files).toEqual([]);
    expect(bytes).toBe(Buffer.byteLength(page));
    expect(page.split(`data-src="data:video/mp4;base64,${base64('video a')}"`)).toHaveLength(3);
    expect(page.split(`src="data:image/png;base64,${base64('picture b')}"`)).toHaveLength(3);
    expect(page).not.toContain(folder);
    expect(existsSync(join(folder, 'report-files'))).toBe(false);
  });

  it('writes them beside the page, equal ones once, and removes those of an older page', async () => {
    const path = join(folder, 'my report.html');
    const { files } = await writeReport(path, data, { embed: false });
    const names = readdirSync(join(folder, 'my report-files'));
    expect(names).toHaveLength(2);
    expect(files).toHaveLength(2);
    const page = readFileSync(path, 'utf8');
    for (const name of names) expect(page).toContain(`src="my%20report-files/${name}"`);
    expect(page.includes(`src="data:`)).toBe(false);

    writeFileSync(join(folder, 'my report-files', 'notes.txt'), 'mine');
    writeFileSync(join(folder, 'a.mp4'), 'video of a later run');
    await writeReport(
      path,
      { ...data, arms: data.arms.slice(0, 1), pictures: [], training: undefined },
      { embed: false },
    );
    const later = readdirSync(join(folder, 'my report-files'));
    expect(later).toHaveLength(2);
    expect(later).toContain('notes.txt');
    expect(names).not.toContain(later.find((name) => name.endsWith('.mp4')));
    // With embedded files again, no separate file of the report remains.
    rmSync(join(folder, 'my report-files', 'notes.txt'));
    await writeReport(path, data);
    expect(existsSync(join(folder, 'my report-files'))).toBe(false);
  });

  it('reports each file, and stops between two without a page', async () => {
    const path = join(folder, 'report.html');
    const { heard, ...hooks } = stopAfter();
    await writeReport(path, data, hooks);
    expect(heard).toEqual([1, 2, 3, 4].map((done) => ({ done, total: 4, label: 'embedding files' })));

    const stopped = stopAfter(2);
    const out = join(folder, 'stopped.html');
    await expect(writeReport(out, data, { embed: false, ...stopped })).rejects.toThrow('enough');
    expect(stopped.heard).toHaveLength(2);
    expect(existsSync(out)).toBe(false);
  });

  it.each<[string, (data: ReportData) => ReportData, RegExp]>([
    [
      'a missing file',
      (d) => ({ ...d, arms: [{ ...d.arms[0], video: 'gone.mp4' }] }),
      /the video of 'a', 'gone.mp4', is no file/,
    ],
    [
      'a kind of file',
      (d) => ({ ...d, arms: [{ ...d.arms[0], video: 'a.avi' }] }),
      /no kind that browsers show; give \.mp4/,
    ],
    ['two arms of one name', (d) => ({ ...d, arms: [d.arms[0], d.arms[0]] }), /two arms are named 'a'/],
    [
      'an arm that is not there',
      (d) => ({ ...d, grid: ['a', 'c'] }),
      /the grid shows the arm 'c', which does not exist; choose from a, same/,
    ],
    ['videos without a shot', (d) => ({ ...d, shot: undefined }), /give its frameRate, frames, width and height/],
    ['no frame rate', (d) => ({ ...d, shot: { ...d.shot!, frameRate: Number.NaN } }), /a frame rate of NaN/],
    [
      'lists of other lengths',
      (d) => ({ ...d, training: { iterations: [1, 2], loss: [1] } }),
      /training\.loss has 1 values for 2 iterations/,
    ],
    [
      'a point of no arm',
      (d) => ({ ...d, decision: { points: [{ label: 'p', x: 1, y: 1, arm: 'q' }] } }),
      /the point 'p' names the arm 'q'/,
    ],
  ])('refuses %s, and leaves nothing behind', async (_, change, message) => {
    const out = join(folder, 'out');
    mkdirSync(out);
    const written = writeReport(join(out, 'report.html'), change(data), { embed: false });
    await expect(written).rejects.toMatchObject({ name: 'UsageError', message: expect.stringMatching(message) });
    expect(readdirSync(out)).toEqual([]);
  });

  it('says so where the folder is missing', async () => {
    await expect(writeReport(join(folder, 'no', 'report.html'), data)).rejects.toThrow(/does not exist; create it/);
  });
});
