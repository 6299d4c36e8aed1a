// The dashboard in a browser: the table with its address, keys and empty states; the comparison with its videos and charts;
// running runs; the same comparison from disk.

import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import sharp from 'sharp';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { SweepStatus } from '../../src/lib/sweeps/store/sweep-status.js';
import type { Run } from '../../src/lib/tracking/log/run.js';
import { startChild, startRun } from '../../src/lib/tracking/log/start-run.js';
import { gridFrames } from '../../src/lib/video/layout/grid.js';
import { smallPicture } from '../../src/lib/video/small-picture.js';
import { writeVideo } from '../../src/lib/video/write/write-video.js';
import { type Dashboard, startDashboard } from '../../src/ui/start-dashboard.js';
import { writeRunReport } from '../../src/ui/write-run-report.js';
import { faultsOf } from '../report/accessible.js';
import { CHROMIUM, chromiumNote, PATIENCE, startChromium } from '../report/chromium.js';
import { scratchFolder } from '../tracking/scratch.js';
import { FRAMES, frames, makeRuns, RATE, STRENGTHS } from './sample-runs.js';

const top = scratchFolder();
const root = join(top, 'runs');
const ALL = STRENGTHS.map((strength) => `sweep/strength-${strength}`);
const compareAll = `compare?${ALL.map((place) => `run=${place}`).join('&')}`;
const problems: string[] = [];
let browser: Browser;
let dashboard: Dashboard;
let page: Page;
let running: Run | undefined;
let empty: Dashboard;
let sweep: SweepStatus = {
  ...{ name: 'night', state: 'open', points: { total: 5, done: 2, failed: 1 }, left: 30 },
  running: [{ job: 'd', label: 'd', machine: 'gpu1', slot: 0, seconds: 130, fraction: 0.5, doing: 'denoising' }],
  failed: [{ job: 'c', label: 'c', machine: 'gpu2', reason: 'out of luck' }],
  machines: [{ machine: 'gpu1', points: 2, seconds: 40, perHour: 180, running: 1 }],
};

/** Allowed addresses of requests, and expected errors of the browser. */
let ours = /./;
let expected = /^$/;

/** Opens an address in the only window: a new one for each test would take longer than the tests. */
async function open(path: string, complaints: RegExp = /^$/): Promise<void> {
  const isFile = path.startsWith('file:');
  const servers = [dashboard.address, empty.address].join('|');
  ours = isFile ? /^(file|data|blob):/ : new RegExp(`^(${servers}|blob:|data:)`);
  expected = complaints;
  await page.goto(isFile || path.startsWith('http:') ? path : dashboard.address + path);
}

/** Polls a value, also long enough for a busy machine. */
const eventually = <T>(what: () => T) => expect.poll(what, { interval: 25 });
const names = () => page.locator('.grid-body .row.run .name a').allTextContents();
const seen = (list: readonly string[]) => eventually(names).toEqual(list);
const address = () => decodeURIComponent(new URL(page.url()).search.replaceAll('+', ' '));
const strengths = (list: readonly number[]) => list.map((strength) => `strength ${strength}`);
const until = (expression: string) => eventually(() => page.evaluate(expression)).toBe(true);

describe.skipIf(!CHROMIUM)(`the dashboard${chromiumNote}`, () => {
  beforeAll(async () => {
    mkdirSync(root);
    [browser] = await Promise.all([startChromium(), makeRuns(root)]);
    dashboard = await startDashboard({ root, port: 0, onError: (error) => problems.push(String(error)) });
    const watched = { place: 'night', status: async () => sweep };
    empty = await startDashboard({ root: join(top, 'none'), port: 0, sweep: watched });
    page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
    page.setDefaultTimeout(PATIENCE);
    // The printed address once; then its cookie gives access to all others.
    await page.goto(dashboard.url);
    page.on('pageerror', (error) => problems.push(error.message));
    page.on('console', (message) => {
      if (message.type() === 'error' && !expected.test(message.text())) problems.push(message.text());
    });
    page.on('request', (request) => {
      if (!ours.test(request.url())) problems.push(`asked for ${request.url()}`);
    });
  });
  afterEach(async () => {
    await running?.finish();
    expect(problems.splice(0)).toEqual([]);
  });
  afterAll(async () => {
    await browser?.close();
    await dashboard?.close();
    await empty?.close();
  });

  it('lists runs, newest first, with the settings that differ and how they ended', async () => {
    await open('');
    await seen(['killed', 'failed', 'finished', ...strengths([...STRENGTHS].reverse()), 'street']);
    expect(await page.locator('.counts').textContent()).toBe('8 runs');
    expect(await page.locator('.row.run .badge').allTextContents()).toEqual([
      'interrupted',
      'failed',
      ...Array(6).fill('finished'),
    ]);
    expect(await page.locator('.cell.status.failed').getAttribute('title')).toContain('loss is <NaN>');
    const heads = await page.locator('.head .cell.differs .sort').allTextContents();
    expect(heads).toEqual(expect.arrayContaining(['strength≠', 'learningRate≠']));
    await page.locator('.damaged summary').click();
    expect(await page.locator('.damaged li').textContent()).toMatch(/^finetune\/torn .*is damaged \(not JSON\)/);
    await eventually(() => page.locator('.live').textContent()).toBe('live');
    // Head and rows are aligned, and the page itself does not scroll horizontally.
    // (Asked in one piece: rows are drawn again whenever runs have changed.)
    const lefts = (row: string) =>
      `[...document.querySelectorAll('${row} > .cell')].map((cell) => cell.getBoundingClientRect().left)`;
    const [head, row] = await page.evaluate<number[][]>(`[${lefts('.row.head')}, ${lefts('#row-0')}]`);
    expect(row).toEqual(head);
    expect(new Set(row).size).toBe(row.length);
    expect(await page.evaluate('document.documentElement.scrollWidth <= innerWidth')).toBe(true);
    expect(await faultsOf(page)).toEqual([]);
    // A frame of each result, which plays under the pointer.
    await page.locator('.thumb:visible').last().hover();
    await until(`document.querySelector('.preview')?.currentTime > 0`);
    await page.locator('h1').hover();
    expect(await page.locator('.preview').count()).toBe(0);
  });

  it('filters in the language of tracking, says what it cannot read, and keeps it in the address', async () => {
    await open('', /400 \(Bad Request\)/);
    await page.locator('[name=filter]').fill("metrics.flicker < 0.15 and params.strength != '0.325'");
    await seen(strengths([0.45]));
    expect(address()).toBe("?filter=metrics.flicker < 0.15 and params.strength != '0.325'");
    expect(await page.locator('.counts').textContent()).toBe('1 of 8 runs');
    await page.locator('[name=filter]').fill('metrics.flicker <');
    await eventually(() => page.locator('.problem').textContent()).toContain('it ends there, expected a number');
    expect(await page.locator('[name=filter]').getAttribute('aria-invalid')).toBe('true');
    await page.locator('[name=filter]').fill('metrics.flicker > 9');
    await eventually(() => page.locator('.grid-frame .nothing h2').textContent()).toBe('No run is like that');
    expect(await page.locator('.problem').isHidden()).toBe(true);
    await page.getByText('Show all runs').click();
    await eventually(async () => (await names()).length).toBe(8);
    await page.locator('[name=search]').fill('NEON author ann'.replace('author ', ''));
    await seen(strengths([0.75, 0.6]));
  });

  it('sorts by its heads, several with Shift, and opens as its address says', async () => {
    await open('?filter=experiment%20%3D%20%27sweep%27%20and%20params.strength%20IS%20NOT%20NULL');
    await seen(strengths([...STRENGTHS].reverse()));
    const head = page.locator('[data-sort="metrics.edit_strength"]');
    await head.click();
    await seen(strengths(STRENGTHS));
    await head.click();
    await seen(strengths([...STRENGTHS].reverse()));
    await page.locator('[data-sort="status"]').click();
    await head.click({ modifiers: ['Shift'] });
    expect(address()).toContain('sort=status&sort=metrics.edit_strength');
    await seen(strengths(STRENGTHS));
    expect(await page.locator('.head [aria-sort]').count()).toBe(2);
    const shared = page.url();
    await open('');
    await open(shared);
    await seen(strengths(STRENGTHS));
  });

  it('shows chosen columns and remembers them', async () => {
    await open('');
    await page.locator('[popovertarget]').click();
    // Whole in the window, on a phone too.
    const size = page.viewportSize()!;
    await page.locator('[popovertarget]').click();
    await page.setViewportSize({ width: 390, height: 844 });
    await page.locator('[popovertarget]').click();
    const { x, width } = (await page.locator('.menu').boundingBox())!;
    expect([x >= 0, x + width <= 390]).toEqual([true, true]);
    await page.setViewportSize(size);
    await page.locator('.menu input[type=search]').fill('author');
    await page.locator('.menu label', { hasText: 'author' }).click();
    await page.keyboard.press('Escape');
    await eventually(() => page.locator('.head .sort').allTextContents()).toContain('author');
    expect(address()).toContain('column=tags.author');
    await page.reload();
    await eventually(() => page.locator('.head .sort').allTextContents()).toContain('author');
  });

  it('groups by experiment and by parent, and folds', async () => {
    await open('?group=parent');
    await seen(['killed', 'failed', 'finished', 'street', ...strengths([...STRENGTHS].reverse())]);
    expect(await page.locator('.row.depth-1').count()).toBe(4);
    await page.locator('.fold').click();
    await seen(['killed', 'failed', 'finished', 'street']);
    await page.locator('[name=group]').selectOption('experiment');
    await eventually(() => page.locator('.row.group b').allTextContents()).toEqual(['finetune', 'sweep']);
    expect(address()).toMatch(/group=experiment&closed=[0-9a-f]{32}$/);
    // By a setting: the mean over the other runs, with its deviation. By keys: the left arrow folds, the right one unfolds.
    await page.locator('[name=group]').selectOption({ label: 'learningRate' });
    const heads = () => page.locator('.row.means').evaluateAll((all) => all.map((row) => row.textContent));
    await eventually(async () => (await heads())[0]).toMatch(/learningRate 0\.00001.*2 runs.*0\.51±0\.69/);
    await page.locator('.grid-frame').focus();
    await page.keyboard.press('ArrowLeft');
    await seen(['failed', ...strengths([...STRENGTHS].reverse()), 'street']);
    await page.keyboard.press('ArrowRight');
    await seen(['killed', 'finished', 'failed', ...strengths([...STRENGTHS].reverse()), 'street']);
  });

  it('is used with keys alone', async () => {
    await open('?filter=experiment%20%3D%20%27sweep%27');
    await eventually(async () => (await names()).length).toBe(5);
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Space');
    await page.keyboard.press('j');
    await page.keyboard.press('j');
    await page.keyboard.press('Shift+Space');
    expect(await page.locator('.row[aria-selected=true] .name a').allTextContents()).toEqual(
      strengths([0.6, 0.45, 0.325]),
    );
    expect(await page.locator('.grid-frame').getAttribute('aria-activedescendant')).toBe('row-3');
    await page.keyboard.press('Escape');
    expect(await page.locator('.row[aria-selected=true]').count()).toBe(0);
    await page.keyboard.press('/');
    expect(await page.evaluate('document.activeElement.name')).toBe('filter');
    await page.keyboard.press('Escape');
    const name = page.locator('[data-sort=run_name]');
    await name.focus();
    await page.keyboard.press('Enter');
    await seen(['street', ...strengths(STRENGTHS)].sort());
    expect(await page.evaluate('document.activeElement.dataset.sort')).toBe('run_name');
    await page.keyboard.press('Enter');
    await page.keyboard.press('Enter');
    await seen([...strengths([...STRENGTHS].reverse()), 'street']);
    await page.locator('.grid-frame').focus();
    await page.keyboard.press('Home');
    await page.keyboard.press('x');
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('x');
    await page.keyboard.press('c');
    await page.waitForURL(/compare\?run=sweep\/strength-0.75&run=sweep\/strength-0.6&from=/);
    expect(await page.locator('h1').textContent()).toBe('2 runs compared');
    await page.getByText('← All runs').click();
    await eventually(() => page.locator('.row[aria-selected=true]').count()).toBe(2);
    await page.locator('.grid-frame').focus();
    await page.keyboard.press('End');
    await page.keyboard.press('Enter');
    await page.waitForURL(/compare\?run=sweep\/street&/);
    await eventually(() => page.locator('.points-count').textContent()).toBe('4 of 4 done');
  });

  it('compares: videos in step, wiped, and saved as one file', async () => {
    await open(compareAll);
    const resting = `[...document.querySelectorAll('.cell:not([hidden]) video')].every((v) => v.readyState >= 2 && !v.seeking && v.paused)`;
    await until(resting);
    expect(await page.locator('.cell:not([hidden])').count()).toBe(4);
    await page.keyboard.press('ArrowRight');
    await page.keyboard.press('ArrowRight');
    await until(resting);
    const times: number[] = await page.evaluate(
      `[...document.querySelectorAll('.cell video')].map((v) => v.currentTime)`,
    );
    expect(new Set(times).size).toBe(1);
    expect(Math.floor(times[0] * 12)).toBe(2);
    // The curve next to the videos follows: step 2 of 0..11.
    await eventually(() => page.locator('.frame-curves .playhead').isVisible()).toBe(true);
    await page.locator('[data-mode=wipe]').click();
    expect(await page.locator('.cell:not([hidden])').count()).toBe(2);
    await page.locator('[data-mode=grid]').click();
    const [download] = await Promise.all([page.waitForEvent('download'), page.locator('[data-render-grid]').click()]);
    expect(download.suggestedFilename()).toBe('grid.mp4');
    const file = readFileSync(await download.path());
    expect(file.toString('latin1', 4, 8)).toBe('ftyp');
    await eventually(() => page.locator('.grid-state').textContent()).toBe('Saved as grid.mp4.');
  });

  it('draws the picture that decides, with axes to choose', async () => {
    await open(compareAll);
    const chart = page.locator('[data-chart=scatter]');
    await chart.scrollIntoViewIfNeeded();
    const axes = () => chart.locator('.xtitle, .ytitle').allTextContents();
    await eventually(axes).toEqual(['edit strength (0..255)', 'warping error / variance (ratio)']);
    const dots = await chart
      .locator('.point')
      .evaluateAll((all) => all.map((dot) => dot.getBoundingClientRect()).map(({ x, y }) => [x, y]));
    expect(dots).toHaveLength(4);
    // Both metrics of the sample increase with strength.
    for (let i = 1; i < dots.length; i++) {
      expect(dots[i][0]).toBeGreaterThan(dots[i - 1][0]);
      expect(dots[i][1]).toBeLessThan(dots[i - 1][1]);
    }
    expect(await chart.locator('.js-line').count()).toBe(1);
    // A point says what it is, and plays its video.
    await chart.locator('.chart-canvas').focus();
    await page.keyboard.press('ArrowDown'); // from the line to the points
    expect(await chart.locator('.unseen').textContent()).toContain('strength 0.325');
    await eventually(() => chart.locator('.hoverlayer').textContent()).toContain('strength 0.325');
    const [x, y] = dots[2];
    await page.mouse.move(x + 4, y + 4);
    await eventually(() => chart.locator('.hoverlayer').textContent()).toContain('strength 0.6');
    await until(`document.querySelector('.preview')?.currentTime > 0`);
    await page.mouse.move(5, 5);
    await eventually(() => page.locator('.preview').count()).toBe(0);
    expect(await faultsOf(page)).toEqual([]);
    // Tools of a chart are reached by Tab.
    const zoom = chart.locator('.modebar-btn[data-val=pan]');
    await zoom.focus();
    await page.keyboard.press('Enter');
    await eventually(() => chart.locator('.modebar-btn.active').getAttribute('data-val')).toBe('pan');
    // On paper charts are as wide as it is, light, and without tools.
    await page.evaluate(`dispatchEvent(new Event('beforeprint'))`);
    await page.emulateMedia({ media: 'print', colorScheme: 'dark' });
    await until(
      `[...document.querySelectorAll('[data-chart=scatter] .main-svg')].every((svg) => svg.clientWidth <= 640)`,
    );
    await eventually(() => chart.locator('.chart-canvas').getAttribute('aria-busy')).toBe('false');
    expect(await page.locator('nav.contents').isVisible()).toBe(false);
    expect(await page.evaluate('getComputedStyle(document.body).backgroundColor')).toMatch(/^rgb\(2\d\d/);
    await page.evaluate(`dispatchEvent(new Event('afterprint'))`);
    await page.emulateMedia({ media: 'screen', colorScheme: 'light' });
    await chart.getByLabel('to the right').selectOption('params.strength');
    await eventually(() => chart.locator('.xtitle').textContent()).toBe('strength');
    expect(address()).toContain('x=params.strength');
    await page.locator('.runs-legend button').first().click();
    await eventually(() => chart.locator('.point').count()).toBe(3);
  });

  it('joins means where a sweep has two seeds, and picks runs in a box', async () => {
    const seeds = join(top, 'seeds');
    for (const strength of [0.3, 0.5]) {
      for (const seed of [1, 2]) {
        const parameters = { strength, seed, firstTimestep: 1000 * strength };
        const run = await startRun({ root: seeds, experiment: 'x', name: `${strength} ${seed}`, parameters });
        run.logMetrics({ edit_strength: 100 * strength + seed, warping_error_normalised: strength + 0.1 * seed });
        for (let step = 0; step < 3; step++) run.logMetrics({ loss: step * seed, learning_rate: 2e-5 }, { step });
        await run.finish();
      }
    }
    const names = ['0.3-1', '0.3-2', '0.5-1', '0.5-2'].map((name) => `x/${name}`);
    const { path } = await writeRunReport(join(top, 'seeds-report'), { root: seeds, names });
    await open(pathToFileURL(path).href);
    const curves = page.locator('[data-chart=curves]');
    await curves.scrollIntoViewIfNeeded();
    await eventually(() => curves.locator('.js-line').count()).toBe(8); // until then the page grows
    // What is the same at every step is in the middle of its axis, whose ticks are of its size.
    const rate = curves.locator('[data-key=learning_rate] .chart-canvas');
    const range: number[] = await rate.evaluate((canvas) => Reflect.get(canvas, '_fullLayout').yaxis.range);
    expect((range[0] + range[1]) / 2).toBeCloseTo(2e-5, 8);
    expect(range[1] - range[0]).toBeLessThan(2.5e-5);
    expect(await rate.locator('.ytick').allTextContents()).toContain('2×10\u200b−5\u200b');
    const chart = page.locator('[data-chart=scatter]');
    await chart.scrollIntoViewIfNeeded();
    await eventually(() => chart.locator('.point').count()).toBe(6);
    expect(await chart.locator('.js-line').count()).toBe(1);
    expect(await chart.locator('.yerror').count()).toBe(2);
    expect(await chart.locator('.chart-note').textContent()).toContain('Lines run through means');
    await eventually(() => chart.locator('.chart-canvas').getAttribute('aria-busy')).toBe('false');
    await chart.locator('.modebar-btn[data-val=select]').click();
    await eventually(() => chart.locator('.modebar-btn.active').getAttribute('data-val')).toBe('select');
    const area = (await chart.locator('.nsewdrag').boundingBox())!;
    await page.mouse.move(area.x + 5, area.y + 5);
    await page.mouse.down();
    await page.mouse.move(area.x + area.width * 0.75, area.y + area.height - 5, { steps: 5 });
    await page.mouse.up();
    await curves.scrollIntoViewIfNeeded();
    await eventually(() => curves.locator('[data-key=loss] .trace.subdued').count()).toBe(2);
  });

  it('picks runs out along parallel axes, by pointer and by keys', async () => {
    await open(compareAll);
    const chart = page.locator('[data-chart=parallel]');
    await eventually(() => page.locator('.frame-curves .js-line').count()).toBe(4); // until then the page grows
    await chart.scrollIntoViewIfNeeded();
    const zone = (await chart.locator('[data-axis="params.strength"] .axis-zone').boundingBox())!;
    await page.mouse.move(zone.x + 13, zone.y + 1);
    await page.mouse.down();
    await page.mouse.move(zone.x + 13, zone.y + zone.height * 0.5, { steps: 4 });
    await page.mouse.up();
    expect(await chart.locator('[role=status]').textContent()).toMatch(/^2 of 4 runs pass.*Compare these 2$/);
    expect(await chart.locator('.line.out').count()).toBe(2);
    await page.locator('[data-chart=scatter]').scrollIntoViewIfNeeded();
    const dots = `[...document.querySelectorAll('[data-chart=scatter] .point')]`;
    const faint = () => page.evaluate(`${dots}.filter((dot) => Number(getComputedStyle(dot).opacity) < 0.5).length`);
    await eventually(faint).toBe(2);
    await chart.locator('[data-axis="params.strength"]').focus();
    await page.keyboard.press('Escape');
    expect(await chart.locator('.line.out').count()).toBe(0);
    await page.keyboard.press('ArrowUp');
    expect(await chart.locator('[role=status]').textContent()).toMatch(/^1 of 4 runs/);
    await page.keyboard.press('ArrowRight');
    const order = await chart
      .locator('.handle')
      .evaluateAll((all) => all.map((axis) => axis.getAttribute('data-axis')));
    expect(order.indexOf('params.strength')).toBe(1);
  });

  it('shows one run: failed, interrupted, gone, and without videos', async () => {
    await open('compare?run=finetune/failed');
    expect(await page.locator('.notice.bad').textContent()).toBe('It failed: loss is <NaN> at iteration 50');
    expect(await page.locator('#videos .empty').textContent()).toBe('This run has no videos that can be shown.');
    await page.locator('#curves').scrollIntoViewIfNeeded();
    await eventually(() => page.locator('.plot .js-line').count()).toBe(1);
    expect(await faultsOf(page)).toEqual([]);
    await open(`compare?run=finetune/killed`);
    expect(await page.locator('.notice').textContent()).toMatch(
      /^This run was interrupted: its process ended without saying so/,
    );
    await open(`compare?run=finetune/gone`);
    expect(await page.locator('.notice').textContent()).toContain('There is no run finetune/gone here');
    await open(`compare`);
    expect(await page.locator('.empty').textContent()).toContain('No run is chosen');
  });

  it('leads from a sweep with --out to its steadiest run, the source beside it and its settings, in five clicks', async () => {
    ours = /./;
    const [tracked, out] = [join(top, 'pairs'), join(top, 'out')];
    for (const folder of [tracked, out]) mkdirSync(folder);
    const whole = await startRun({ root: tracked, experiment: 'sweep', name: 'shot' });
    const levels = { 0.3: 60, 0.5: 160, 0.7: 220 };
    for (const [strength, level] of Object.entries(levels)) {
      const run = await startChild(whole, { name: `strength ${strength}`, parameters: { strength: Number(strength) } });
      run.logMetrics({ edit_strength: 100 * Number(strength), warping_error_normalised: Number(strength) / 5 });
      const video = join(out, `strength-${strength}.mp4`);
      await writeVideo(video, frames(level), { frameRate: RATE, onWarning: () => {} });
      await run.logArtifact(video);
      await run.finish();
    }
    const cells = [20, ...Object.values(levels)].map(frames);
    const both = join(out, 'grid.mp4');
    await writeVideo(both, gridFrames(cells, { columns: 2 }), { frameRate: RATE, onWarning: () => {} });
    await whole.logArtifact(both);
    await whole.finish();
    const other = await startDashboard({ root: tracked, port: 0, token: false });
    try {
      await page.goto(other.address);
      await seen(['strength 0.7', 'strength 0.5', 'strength 0.3', 'shot']);
      // The clicks of the README.
      await page.getByRole('columnheader', { name: 'warping error normalised' }).getByRole('button').click();
      await seen(['strength 0.3', 'strength 0.5', 'strength 0.7', 'shot']);
      expect(await page.locator('.row.run .cell.number:nth-child(5)').allTextContents()).toEqual([
        '30',
        '50',
        '70',
        '–',
      ]);
      await page.getByRole('link', { name: 'strength 0.5' }).click();
      await until(`document.querySelector('.stage')?.dataset.mode === 'wipe'`);
      const shown = page.locator('.stage .cell:not([hidden])');
      const labels = () => shown.evaluateAll((all) => all.map((cell) => cell.textContent?.trim()));
      expect(await labels()).toEqual(['source', 'strength-0.5']);
      expect(await page.locator('.arm-list b').allTextContents()).toEqual(['source', 'strength-0.5']);
      await until(`[...document.querySelectorAll('.stage video')].every((v) => v.readyState >= 2 && !v.seeking)`);
      // What is seen in the middle of either cell is its own picture: the source is dark, the result is light.
      const expectDarkAndLight = async () => {
        const shot = await page.locator('.stage').screenshot();
        const { data, info } = await sharp(shot).raw().toBuffer({ resolveWithObject: true });
        const at = (x: number) =>
          data[info.channels * (Math.round(info.height * 0.6) * info.width + Math.round(info.width * x))];
        for (const x of [0.1, 0.4]) expect(at(x)).toBeLessThan(60);
        for (const x of [0.6, 0.9]) expect(at(x)).toBeGreaterThan(120);
      };
      await expectDarkAndLight();
      await page.getByRole('button', { name: 'Grid', exact: true }).click();
      await expectDarkAndLight();
      await page.getByRole('navigation').getByText('Settings').click();
      await eventually(() => page.locator('.run-settings').isVisible()).toBe(true);
      expect(await page.locator('.run-settings tbody tr').nth(1).textContent()).toBe('strength0.5');
    } finally {
      await other.close();
    }
  });

  it('marks settings that differ, and hides the others', async () => {
    await open(compareAll);
    const rows = page.locator('.run-settings tr.differs > th');
    expect(await rows.allTextContents()).toEqual(['strength', 'tag author']);
    await page.locator('.only-differing').click();
    expect(await page.locator('.run-settings tr.same:visible').count()).toBe(0);
  });

  it('follows a run that goes on, in the table and in its curves', async () => {
    await open('?filter=experiment%20%3D%20%27live%27');
    await eventually(() => page.locator('.grid-frame .nothing h2').textContent()).toBe('No run is like that');
    running = await startRun({ root, experiment: 'live', name: 'now', parameters: { iterations: 10 } });
    running.logMetrics({ loss: 1 }, { step: 0 });
    await running.flush();
    await seen(['now']);
    running.logMetrics({ loss: 0.5 }, { step: 4 });
    await running.flush();
    await eventually(() => page.locator('.row progress').getAttribute('title')).toBe('step 4 of 10');
    await running.finish();
    rmSync(running.folder, { recursive: true });
  });

  it('comes alive where it was opened before the first point, and shows how far the work is', async () => {
    running = await startRun({ root, experiment: 'live', name: 'early' });
    await open('compare?run=live/early');
    const progress = page.locator('#progress');
    await eventually(() => progress.locator('b').textContent()).toBe('Running');
    expect(await page.locator('#metrics .empty').textContent()).toBe('No metric has been logged.');
    const picture = await smallPicture({ width: 8, height: 8, data: new Uint8Array(192).fill(200) });
    running.logProgress({ done: 3, total: 3, label: 'encoding' });
    running.logProgress({ done: 1, total: 4, label: 'denoising', secondsLeft: 3000, picture });
    await eventually(() => progress.locator('b').textContent()).toBe('denoising');
    expect(await progress.locator('b + span').textContent()).toBe('1 of 4');
    expect(await page.evaluate(`document.querySelector('#progress progress').position`)).toBe(0.25);
    expect(await progress.locator('[data-until]').textContent()).toMatch(/^\d\d:\d\d$/);
    expect(await progress.locator('dt').allTextContents()).toEqual(['encoding']);
    await until(`document.querySelector('#progress img').naturalWidth === 8`);
    // Time goes on between two reports.
    const since = await progress.locator('[data-since]').textContent();
    await eventually(() => progress.locator('[data-since]').textContent()).not.toBe(since);
    for (const [step, loss] of [1, 0.5].entries()) running.logMetrics({ loss }, { step });
    const curves = page.locator('#curves');
    await eventually(() => curves.count()).toBe(1);
    await curves.scrollIntoViewIfNeeded();
    const path = () => curves.locator('.js-line').getAttribute('d');
    await eventually(path).toMatch(/^M[^L]*L[^L]*$/);
    running.logMetrics({ loss: 0.25 }, { step: 2 });
    await eventually(path).toMatch(/^M[^L]*L[^L]*L[^L]*$/);
    expect(await page.locator('nav.contents').textContent()).toContain('Curves');
    const video = join(running.artifacts, 'result.mp4');
    await writeVideo(video, frames(20), { frameRate: RATE, onWarning: () => {} });
    await running.logArtifact(video);
    await running.finish();
    await eventually(() => page.locator('h1 .badge').textContent()).toBe('finished');
    await until(`[...document.querySelectorAll('.stage video')].some((v) => v.readyState >= 2)`);
    expect(await page.locator('#stages dt').allTextContents()).toEqual(['encoding', 'denoising']);
    expect(await progress.count()).toBe(0);
    rmSync(running.folder, { recursive: true });
  });

  it('fills the page of a sweep as its points come: counts, the best of them, the picture that decides', async () => {
    const tags = { 'sweep.points': '4', 'sweep.metric': 'warping_error_normalised minimize' };
    running = await startRun({ root, experiment: 'live', name: 'sweep', tags });
    const point = async (strength: number) =>
      startChild(running!, { name: `strength ${strength}`, parameters: { strength } });
    const ended = async (part: Run, edit: number, warping: number) => {
      part.logMetrics({ edit_strength: edit, warping_error_normalised: warping });
      const video = join(part.artifacts, 'result.mp4');
      await writeVideo(video, frames(edit), { frameRate: RATE, onWarning: () => {} });
      await part.logArtifact(video);
      await part.finish();
    };
    await ended(await point(0.3), 20, 0.5);
    await open('compare?run=live/sweep');
    const counts = page.locator('.points-count');
    await eventually(() => counts.textContent()).toBe('1 of 4 done');
    const [second, third, fourth] = [await point(0.5), await point(0.7), await point(0.9)];
    await ended(second, 40, 0.25);
    await fourth.finish('failed', { error: new Error('out of memory') });
    third.logProgress({ done: 3, total: 10, label: 'denoising' });
    await eventually(() => counts.textContent()).toBe('2 of 4 done, 1 running, 1 failed');
    const rows = () => page.locator('.points tbody tr').evaluateAll((all) => all.map((row) => row.textContent));
    expect((await rows()).slice(0, 2)).toEqual([
      expect.stringMatching(/^strength 0\.540.*0\.25.*0\.5/),
      expect.stringMatching(/^strength 0\.320.*0\.5.*0\.3/),
    ]);
    await eventually(async () => (await rows())[2]).toMatch(/^strength 0\.7denoising 30 %/);
    expect(await faultsOf(page)).toEqual([]);
    expect((await rows())[3]).toBe('strength 0.9failed: out of memory');
    const chart = page.locator('[data-chart=scatter]');
    await chart.scrollIntoViewIfNeeded();
    await eventually(() => chart.locator('.point').count()).toBe(2);
    // Videos come by themselves until somebody has used them; then they are offered.
    const videos = () => page.locator('.stage video').count();
    await eventually(videos).toBe(2);
    await page.keyboard.press('ArrowRight');
    await eventually(() => page.locator('.time b').textContent()).toBe('1');
    await ended(third, 60, 0.75);
    await eventually(() => chart.locator('.point').count()).toBe(3);
    await eventually(() => page.locator('.runs-legend button').count()).toBe(4);
    await eventually(() => counts.textContent()).toBe('3 of 4 done, 1 failed');
    expect(await videos()).toBe(2);
    await page.getByRole('button', { name: 'Load new videos' }).click();
    await eventually(videos).toBe(3);
    await running.finish();
    await page.goto('about:blank');
    for (const { folder } of [running, second, third, fourth]) rmSync(folder, { recursive: true });
    rmSync(join(root, 'live'), { recursive: true });
  });

  it('shows videos and pictures by themselves, as its table of files links them', async () => {
    await open('compare?run=sweep/strength-0.45');
    const link = page.locator('.files a', { hasText: 'result.mp4' });
    expect(await link.getAttribute('href')).toBe('/files/sweep/strength-0.45/artifacts/result.mp4');
    const [tab] = await Promise.all([page.waitForEvent('popup'), link.click()]);
    await eventually(() => tab.evaluate(`document.querySelector('video')?.readyState >= 2`)).toBe(true);
    await tab.close();
  });

  it('asks about names that no run has, under the filter', async () => {
    await open('?filter=metrics.flickr%20%3C%202');
    await eventually(() => page.locator('.question').textContent()).toBe(
      'no run has metrics.flickr; did you mean metrics.flicker?',
    );
    expect(await page.locator('.question').isVisible()).toBe(true);
    await page.locator('[name=filter]').fill('metrics.flicker < 2');
    await eventually(() => page.locator('.question').isHidden()).toBe(true);
  });

  it('asks for the token where it does not know it, and remembers it', async () => {
    const context = await browser.newContext();
    const stranger = await context.newPage();
    try {
      await stranger.goto(`${dashboard.address}compare?run=sweep/street`);
      expect(await stranger.locator('h1').textContent()).toBe('This dashboard asks for its token');
      await stranger.getByLabel('Token').fill(dashboard.token!);
      await stranger.getByText('Open', { exact: true }).click();
      await eventually(() => stranger.locator('h1').first().textContent()).toContain('street');
      expect(stranger.url()).toBe(`${dashboard.address}compare?run=sweep%2Fstreet`);
      await stranger.goto(dashboard.address);
      await eventually(() => stranger.locator('.counts').textContent()).toBe('8 runs');
    } finally {
      await context.close();
    }
  });

  it('says how to begin where there is no run', async () => {
    await page.goto(empty.url); // the page of the sweep, which this dashboard watches
    await open(empty.address);
    await eventually(() => page.locator('.grid-frame .nothing h2').textContent()).toBe('No runs yet');
    expect(await page.locator('[data-do=compare]').isDisabled()).toBe(true);
  });

  it('shows a sweep that workers do, and follows it', async () => {
    await open(`${empty.address}sweep`);
    const told = page.locator('header.overview [role=status]');
    expect(await told.textContent()).toBe('2 of 5 points done, 1 failed, work is given out, about 30 s left');
    expect(await faultsOf(page)).toEqual([]);
    sweep = { ...sweep, state: 'ended', points: { total: 5, done: 4, failed: 1 }, running: [] };
    await eventually(() => told.textContent()).toBe('4 of 5 points done, 1 failed, ended');
    expect(await page.locator('#running .empty').textContent()).toBe('Nobody does anything now.');
  });

  it('is the same from disk, and asks nobody', async () => {
    const out = join(top, 'comparison');
    const written = await writeRunReport(out, { root, names: ALL, title: 'Strengths' });
    expect(written).toMatchObject({ path: join(out, 'index.html'), runs: 4, files: 4 });
    await open(pathToFileURL(written.path).href);
    await until(
      `[...document.querySelectorAll('.cell:not([hidden]) video')].every((v) => v.readyState >= 2 && !v.seeking)`,
    );
    expect(await page.locator('h1').textContent()).toBe('Strengths');
    expect(await page.locator('[data-render-grid]').count()).toBe(0);
    await page.locator('[data-chart=scatter]').scrollIntoViewIfNeeded();
    await eventually(() => page.locator('.frame-curves .js-line').count()).toBe(4);
    await eventually(() => page.locator('[data-chart=scatter] .point').count()).toBe(4);
    await page.locator('[data-chart=scatter]').getByLabel('upwards').selectOption('metrics.flicker');
    await eventually(() => page.locator('[data-chart=scatter] .ytitle').textContent()).toBe('flicker');
    expect(FRAMES).toBe(Number(await page.locator('.player').getAttribute('data-frames')));
  });
});
