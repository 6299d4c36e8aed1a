// The page of a report in a browser: synchronized, frame-exact videos, keys, views, plots, tables, network requests, and
// missing parts.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { showCompare } from '../../src/lib/notebook/show-compare.js';
import { showSettings } from '../../src/lib/notebook/show-options.js';
import { showPlot } from '../../src/lib/notebook/show-plot.js';
import { renderReport } from '../../src/lib/report/render-report.js';
import type { ReportData } from '../../src/lib/report/report-data.js';
import { writeReport } from '../../src/lib/report/write-report.js';
import { writeVideo } from '../../src/lib/video/write/write-video.js';
import { faultsOf } from './accessible.js';
import { CHROMIUM, chromiumNote, PATIENCE, startChromium } from './chromium.js';
import { sampleReport } from './sample.js';

const FRAMES = 18;
const NTSC = 30_000 / 1001;
const folder = mkdtempSync(join(tmpdir(), 'steadyframe-report-'));
let browser: Browser;

/** Errors of a page, and its requests other than for itself. */
const problems: string[] = [];

async function openPage(file: string): Promise<Page> {
  const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
  page.on('console', (message) => problems.push(message.text()));
  page.on('pageerror', (error) => problems.push(error.message));
  const url = pathToFileURL(join(folder, file)).href;
  page.on('request', (request) => {
    if (request.url() !== url && !/^(blob|data):/.test(request.url())) problems.push(`asked for ${request.url()}`);
  });
  page.setDefaultTimeout(PATIENCE);
  await page.goto(url);
  return page;
}

/** Times of the visible videos in seconds, all read at the same moment. */
function times(page: Page): Promise<number[]> {
  return page.evaluate(`[...document.querySelectorAll('.cell:not([hidden]) video')].map((v) => v.currentTime)`);
}

/** Waits until an expression is true on the page. (The page forbids `eval`, which `waitForFunction` needs.) */
async function until(page: Page, expression: string): Promise<void> {
  await expect.poll(() => page.evaluate(expression), { interval: 15 }).toBe(true);
}

/** Waits until the visible videos have settled. */
async function settle(page: Page): Promise<void> {
  const resting = 'v.readyState >= 2 && !v.seeking && v.paused';
  await until(page, `[...document.querySelectorAll('.cell:not([hidden]) video')].every((v) => ${resting})`);
}

/** A style value of the element of a selector. */
function styleOf(page: Page, selector: string, name: string): Promise<string> {
  return page.evaluate(
    `getComputedStyle(document.querySelector(${JSON.stringify(selector)}))[${JSON.stringify(name)}]`,
  );
}

const spread = (list: number[]): number => Math.max(...list) - Math.min(...list);
const shown = (page: Page): Promise<string[]> =>
  page.locator('.cell:not([hidden])').evaluateAll((cells) => cells.map((cell) => cell.getAttribute('data-name')));
const frameOf = async (page: Page): Promise<number> => Number(await page.locator('.time b').textContent());

describe.skipIf(!CHROMIUM)(`the page of a report${chromiumNote}`, () => {
  let data: ReportData;

  beforeAll(async () => {
    [browser, data] = await Promise.all([
      startChromium(),
      sampleReport(folder, { size: 32, frames: FRAMES, strengths: [0.45, 0.75] }),
    ]);
    await writeReport(join(folder, 'whole.html'), data);
    await writeReport(join(folder, 'beside.html'), data, { embed: false });
  });

  afterAll(async () => {
    await browser?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it('plays its videos in step, and shows one frame of all at rest', async () => {
    const page = await openPage('whole.html');
    expect(await shown(page)).toEqual(['source', 'plain-0.45', 'plain-0.75', 'finetuned']);
    await settle(page);
    await page.keyboard.press('Space');
    await until(page, `document.querySelectorAll('video')[0].currentTime > 0.3`);
    expect(await page.locator('[data-do=play]').getAttribute('aria-label')).toBe('Pause');
    const together = `(() => { const t = [...document.querySelectorAll('.cell:not([hidden]) video')].map((v) => v.currentTime);
      return Math.max(...t) - Math.min(...t) < ${0.5 / data.shot!.frameRate}; })()`;
    await until(page, together);
    // On a busy machine, one may lag between two checks and is then synchronized again.
    for (let look = 0; look < 8; look++) {
      await until(page, together);
      await page.waitForTimeout(60);
    }
    // Desynchronized by a large and a small offset, they synchronize again without restarting.
    await page.getByLabel('Speed').selectOption('0.25');
    for (const push of ['= 0', '-= 0.1']) {
      await page.locator('.seek').fill('5');
      expect(await frameOf(page)).toBe(5); // also while playing
      await page.locator('[data-do=play]').click();
      await until(page, `document.querySelectorAll('video')[0].currentTime > 0.55`);
      await page.evaluate(`document.querySelectorAll('video')[2].currentTime ${push}`);
      await until(page, together);
      expect((await times(page))[0]).toBeGreaterThan(0.55);
      expect(await page.locator('[data-do=play]').getAttribute('aria-label')).toBe('Pause');
    }
    await page.getByLabel('Speed').selectOption('1');
    await page.locator('[data-do=play]').focus();
    await page.keyboard.press('Space');
    await settle(page);
    const rest = await times(page);
    expect(spread(rest)).toBeLessThan(1e-6);
    expect(Math.floor(rest[0] * data.shot!.frameRate)).toBe(await frameOf(page));
    // At the end all start again together and stay synchronized.
    await page.keyboard.press('End');
    await page.locator('.seek').fill(String(FRAMES - 3));
    await page.locator('[data-do=play]').click();
    await until(page, `document.querySelectorAll('video')[0].currentTime < 1`);
    expect(await page.locator('[data-do=play]').getAttribute('aria-label')).toBe('Pause');
    await until(page, together);
    // Without the loop, it ends on the last frame.
    await page.keyboard.press('l');
    await until(page, `document.querySelector('.player').dataset.playing === 'false'`);
    expect(await frameOf(page)).toBe(FRAMES - 1);
    await page.close();
  });

  it('steps and seeks by keyboard, to the very frame', async () => {
    // Frame t has grey level 20 + 9 t, which identifies the shown frame.
    const greyOf = (t: number) => 20 + 9 * t;
    for (const name of ['a', 'b']) {
      async function* greys() {
        for (let t = 0; t < FRAMES; t++)
          yield { width: 32, height: 32, data: new Uint8Array(3 * 32 * 32).fill(greyOf(t)) };
      }
      await writeVideo(join(folder, `${name}.mp4`), greys(), { frameRate: NTSC, onWarning: () => {} });
    }
    const arms = ['a', 'b'].map((name) => ({ name, label: name, video: join(folder, `${name}.mp4`) }));
    const shot = { frameRate: NTSC, frames: FRAMES, width: 32, height: 32 };
    await writeReport(join(folder, 'greys.html'), { title: 'Greys', arms, shot });
    const page = await openPage('greys.html');
    const seen = async (): Promise<number[]> => {
      await settle(page);
      const greys: number[] = await page.evaluate(`(() => [...document.querySelectorAll('video')].map((video) => {
        const canvas = Object.assign(document.createElement('canvas'), { width: 8, height: 8 });
        const context = canvas.getContext('2d');
        context.drawImage(video, 0, 0, 8, 8);
        return context.getImageData(4, 4, 1, 1).data[0];
      }))()`);
      return greys.map((grey) => Math.round((grey - 20) / 9));
    };
    expect(await seen()).toEqual([0, 0]);
    for (let t = 1; t < FRAMES; t++) {
      await page.keyboard.press('ArrowRight');
      expect(await seen()).toEqual([t, t]);
    }
    await page.keyboard.press('ArrowRight'); // there is no next frame
    expect(await frameOf(page)).toBe(FRAMES - 1);
    await page.keyboard.press('ArrowLeft');
    expect(await seen()).toEqual([FRAMES - 2, FRAMES - 2]);
    await page.keyboard.press('Shift+ArrowLeft');
    expect(await seen()).toEqual([FRAMES - 12, FRAMES - 12]);
    await page.locator('.seek').focus();
    await page.keyboard.press('Home');
    expect(await seen()).toEqual([0, 0]);
    // Dragging requests many frames at once; it ends at the last one.
    for (const t of [3, 9, 14, 16, 7, 12]) await page.locator('.seek').fill(String(t));
    await until(page, `document.querySelectorAll('video')[1].currentTime > 12 / ${NTSC}`);
    expect(await seen()).toEqual([12, 12]);
    await page.close();
  });

  it('enlarges, wipes and shows differences, by keyboard and by hand', async () => {
    const page = await openPage('whole.html');
    await settle(page);
    await page.keyboard.press('4');
    expect(await shown(page)).toEqual(['finetuned']);
    await page.keyboard.press('Escape');
    expect(await shown(page)).toHaveLength(4);
    await page.getByRole('button', { name: 'Enlarge plain 0.45' }).click();
    expect(await shown(page)).toEqual(['plain-0.45']);
    const stage = await page.locator('.stage').boundingBox();
    const picture = await page.locator('[data-name="plain-0.45"] .picture').boundingBox();
    expect(picture!.width).toBeCloseTo(stage!.width, 0);

    await page.getByRole('button', { name: 'Wipe' }).click();
    expect(await shown(page)).toEqual(['source', 'plain-0.45']);
    await page.getByLabel('Right video', { exact: true }).selectOption('finetuned');
    expect(await shown(page)).toEqual(['source', 'finetuned']);
    const boxes = await page
      .locator('.cell:not([hidden]) .picture')
      .evaluateAll((list) => list.map((each) => JSON.stringify(each.getBoundingClientRect())));
    expect(boxes[0]).toBe(boxes[1]); // they overlap
    const leftOf = () => styleOf(page, '[data-place=left] .picture', 'clipPath');
    expect(await leftOf()).toBe('inset(0px 50% 0px 0px)');
    const box = await page.locator('.stage .wipe').boundingBox();
    await page.mouse.move(box!.x + box!.width / 2, box!.y + 50);
    await page.mouse.down();
    await page.mouse.move(box!.x + box!.width / 4, box!.y + 60, { steps: 4 });
    await page.mouse.up();
    expect(Number(/ (\d+(\.\d+)?)%/.exec(await leftOf())![1])).toBeCloseTo(75, -0.5);
    await page.keyboard.press('End'); // the slider has the focus: all of the left video
    expect(await leftOf()).toBe('inset(0px 0% 0px 0px)');
    // Selecting the same one twice swaps the two.
    await page.getByLabel('Left video', { exact: true }).selectOption('finetuned');
    expect(await page.getByLabel('Right video', { exact: true }).inputValue()).toBe('source');

    await page.getByRole('button', { name: 'Difference', exact: true }).click();
    expect(await styleOf(page, '[data-place=right]', 'mixBlendMode')).toBe('difference');
    await page.getByRole('checkbox', { name: 'no edit' }).check();
    expect(await shown(page)).toEqual(['source', 'plain-0.45', 'plain-0.75', 'finetuned', 'no-edit']);
    await settle(page);
    expect(spread(await times(page))).toBeLessThan(1e-6);
    await page.close();
  });

  it('ties curves and player together, and hides lines by their legend', async () => {
    const page = await openPage('whole.html');
    await settle(page);
    const chart = page.locator('.player .chart-place').first();
    const area = chart.locator('.nsewdrag');
    await area.scrollIntoViewIfNeeded();
    const box = (await area.boundingBox())!;
    await page.mouse.move(box.x + box.width / 2, box.y + 30, { steps: 3 });
    await expect.poll(() => chart.locator('.hoverlayer').textContent()).toMatch(/frame 8\.5.*original/);
    await page.mouse.click(box.x + box.width / 2, box.y + 30);
    await expect.poll(() => frameOf(page)).toBeGreaterThanOrEqual(FRAMES / 2 - 2);
    expect(await frameOf(page)).toBeLessThanOrEqual(FRAMES / 2);
    const playhead = (await chart.locator('.playhead').boundingBox())!;
    expect((playhead.x - box.x) / box.width).toBeCloseTo((await frameOf(page)) / (FRAMES - 1), 1);
    const legend = page.getByRole('button', { name: '0.45 finetuned', exact: true });
    await legend.scrollIntoViewIfNeeded();
    const own = page.locator('#more-metrics-by-frame .plot').first();
    const lines = () => own.locator('.scatterlayer .trace').count();
    await expect.poll(lines).toBe(5);
    await legend.click();
    await expect.poll(lines).toBe(4);
    await page.close();
  });

  it('zooms charts of one axis together and no others, and each chart by keys', async () => {
    const page = await openPage('whole.html');
    const charts = page.locator('.chart-canvas');
    await page.locator('#training').scrollIntoViewIfNeeded();
    const ticks = (name: string) =>
      page.locator('.plot', { hasText: name }).first().locator('.xtick').allTextContents();
    await expect.poll(() => ticks('learning rate')).not.toEqual([]);
    const before = { rate: await ticks('learning rate'), frames: await ticks('SSIM') };
    const area = page.locator('#training .nsewdrag').first();
    const box = (await area.boundingBox())!;
    await page.mouse.move(box.x + box.width * 0.2, box.y + 60);
    await page.mouse.down();
    await page.mouse.move(box.x + box.width * 0.4, box.y + 62, { steps: 5 });
    await page.mouse.up();
    await expect.poll(() => ticks('learning rate')).not.toEqual(before.rate);
    expect(await ticks('SSIM')).toEqual(before.frames);
    const loss = page.locator('#training .chart-canvas').first();
    await loss.focus();
    await page.keyboard.press('0');
    await expect.poll(() => ticks('learning rate')).toEqual(before.rate);
    await page.keyboard.press('ArrowRight');
    const said = page.locator('#training .chart-place [role=status]').first();
    await expect.poll(() => said.textContent()).toMatch(/^smoothed: iteration 1, .* [\d.]+$/);
    expect(await loss.getAttribute('aria-label')).toMatch(/^loss by iteration\. smoothed: \d+ points from [\d.]+ to/);
    expect(await charts.count()).toBeGreaterThan(15);
    await page.close();
  });

  it('names the points of the picture that decides, without overlaps, and saves it as a PNG', async () => {
    const page = await openPage('whole.html');
    const chart = page.locator('.decision');
    await chart.scrollIntoViewIfNeeded();
    const names = chart.locator('.textpoint text');
    await expect.poll(() => names.allTextContents()).toContain('0.45 finetuned');
    const boxes = await names.evaluateAll((all) => all.map((each) => each.getBoundingClientRect().toJSON()));
    for (const [i, a] of boxes.entries())
      for (const b of boxes.slice(0, i))
        expect(a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom).toBe(false);
    const [picture] = await Promise.all([
      page.waitForEvent('download'),
      chart.locator('.modebar-btn[aria-label*=png i], .modebar-btn[data-title*=png i]').first().click({ force: true }),
    ]);
    expect(picture.suggestedFilename()).toMatch(/\.png$/);
    const bytes = Buffer.concat(await (await picture.createReadStream()).toArray());
    expect(bytes.toString('latin1', 1, 4)).toBe('PNG');
    await page.close();
  });

  it('draws twenty arms in twenty ways, with ticks that differ and are whole', async () => {
    const arms = Array.from({ length: 20 }, (_, i) => ({
      ...{ name: `arm ${i}`, label: `arm ${i}` },
      perFrame: { tiny_step: [0, 1, 2, 3].map((t) => 0.10948 + 1e-6 * (t + i)), large: [123_456.7, 123_456.8 + i] },
    }));
    const described = { fromZero: false, title: 'tiny step', unit: '', group: '', explanation: '' };
    const metrics = { tiny_step: described, large: { ...described, title: 'large' } };
    writeFileSync(join(folder, 'twenty.html'), renderReport({ title: 'Twenty', arms, metrics }));
    const page = await openPage('twenty.html');
    const chart = page.locator('.plot', { hasText: 'tiny step' });
    await expect.poll(() => chart.locator('.js-line').count()).toBe(20);
    const stylesOf = (selector: string, style: string) =>
      page.evaluate<string[]>(
        `[...document.querySelectorAll('${selector}')].map((each) => { const s = getComputedStyle(each); return ${style}; })`,
      );
    const looks = await stylesOf('.plot:first-child .js-line', 's.stroke + s.strokeDasharray');
    expect([looks.length, new Set(looks).size]).toEqual([20, 20]);
    const swatches = await stylesOf('.legend .swatch', 's.background');
    expect([swatches.length, new Set(swatches).size]).toEqual([20, 20]);
    for (const title of ['tiny step', 'large']) {
      const ticks = page.locator('.plot', { hasText: title }).locator('.ytick text');
      await expect.poll(() => ticks.count()).toBeGreaterThan(2);
      const texts = await ticks.allTextContents();
      expect(new Set(texts).size).toBe(texts.length);
      const left = (await page.locator('.plot', { hasText: title }).locator('.chart-canvas').boundingBox())!.x;
      for (const each of await ticks.all()) expect((await each.boundingBox())!.x).toBeGreaterThanOrEqual(left);
    }
    await page.close();
  });

  it('sorts its table and hands out its numbers', async () => {
    const page = await openPage('whole.html');
    const column = (): Promise<string[]> => page.locator('table.metrics tbody tr td:nth-child(5)').allTextContents();
    const head = page.getByRole('button', { name: /^edit strength/ });
    const before = await column();
    expect(before[0]).toBe('–'); // the source has none
    await head.click();
    const up = (await column()).slice(0, -1).map(Number);
    expect((await column()).at(-1)).toBe('–');
    expect(up).toEqual([...up].sort((a, b) => a - b));
    await head.click();
    expect((await column()).slice(0, -1).map(Number)).toEqual(up.reverse());
    await head.click();
    expect(await column()).toEqual(before);
    const [csv] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: 'Table as CSV' }).click(),
    ]);
    const text = (await (await csv.createReadStream()).toArray()).join('');
    const rows = text.split('\r\n').map((row) => row.split(','));
    expect(rows[0].slice(0, 5)).toEqual(['arm', 'strength', 'guidance', 'first timestep', 'edit strength 0..255']);
    const finetuned = data.arms.find((arm) => arm.name === 'finetuned')!;
    const row = rows.find((each) => each[0] === '0.45 finetuned')!;
    expect(Number(row[4])).toBe(finetuned.metrics!.edit_strength);
    await page.close();
  });

  it('shows pictures in full size', async () => {
    const page = await openPage('whole.html');
    await page.getByRole('button', { name: /Show in full size: Frame 0 edited at strength 0.75/ }).click();
    const box = page.locator('.lightbox');
    expect(await box.locator('p').textContent()).toContain('strength 0.75');
    await page.keyboard.press('ArrowRight');
    expect(await box.locator('p').textContent()).toContain('strength 0.8');
    await page.keyboard.press('Escape');
    expect(await box.isVisible()).toBe(false);
    await page.close();
  });

  it('plays videos that lie beside it', async () => {
    const page = await openPage('beside.html');
    await settle(page);
    await page.keyboard.press('ArrowRight');
    await settle(page);
    expect((await times(page)).map((time) => Math.floor(time * data.shot!.frameRate))).toEqual([1, 1, 1, 1]);
    // Only this page requests files: its own.
    const asked = problems.splice(0).map((problem) => problem.replace(/.*\//, ''));
    expect(
      asked.every((file) => /^[0-9a-f]{12}\.mp4$/.test(file)),
      asked.join('\n'),
    ).toBe(true);
    await page.close();
  });

  it('plays on where one video cannot be shown', async () => {
    writeFileSync(join(folder, 'broken.mp4'), 'no video');
    const [first, second] = data.arms;
    const arms = [{ ...first, video: join(folder, 'broken.mp4') }, second];
    await writeReport(join(folder, 'broken.html'), { title: 'Broken', arms, shot: data.shot });
    const page = await openPage('broken.html');
    await until(page, `document.querySelectorAll('.broken').length === 1`);
    await page.keyboard.press('Space');
    await until(page, `document.querySelectorAll('video')[1].currentTime > 0.3`);
    expect(await page.locator('.cell.broken .picture').getAttribute('data-problem')).toMatch(/cannot play/);
    await page.close();
  });

  it('keeps what users wrote from becoming markup or script', async () => {
    const evil = `</script><script>document.title='broken'</script><img src=x onerror="document.title='broken'">"'&`;
    const page = renderReport({
      title: evil,
      summary: evil,
      claims: [{ claim: evil, expected: evil, measured: evil, held: true, note: evil }],
      facts: [{ name: evil, value: evil }],
      arms: [
        {
          name: evil,
          label: evil,
          note: evil,
          settings: { [evil]: evil },
          metrics: { [evil]: 1, edit_strength: 1, warping_error_normalised: 1 },
          perFrame: { [evil]: [1, 2] },
        },
      ],
      training: {
        iterations: [1],
        loss: [1],
        note: evil,
        checkpoints: [{ iteration: 1, picture: evil, metrics: { [evil]: 1 } }],
      },
      pictures: [{ title: evil, note: evil, pictures: [{ src: 'data:,', alt: evil, caption: evil }] }],
      settings: [{ name: evil, value: evil, published: evil, note: evil, group: evil }],
      provenance: [{ name: evil, value: evil }],
    });
    writeFileSync(join(folder, 'evil.html'), page);
    const opened = await openPage('evil.html');
    expect(await opened.title()).toBe(evil);
    expect(await opened.locator('h1').textContent()).toBe(evil);
    expect(await opened.locator('img[onerror]').count()).toBe(0);
    await opened.locator('.plot').last().scrollIntoViewIfNeeded();
    await expect.poll(() => opened.locator('.chart-canvas .main-svg').first().count()).toBe(1);
    expect(await opened.locator('script').count()).toBe(4); // the data, plotly as text and as it runs, the page's own
    expect(JSON.parse((await opened.locator('#page-data').textContent())!).title).toBe(evil);
    // The preview's address is such a text too, and only names a missing picture.
    for (const problem of problems.splice(0))
      expect(problem).toMatch(/^asked for file:|ERR_FILE_NOT_FOUND|ERR_INVALID_URL/);
    await opened.close();
  });

  it('is light or dark as the system is, and no wider than its window', async () => {
    const page = await openPage('whole.html');
    const light = async (name: string): Promise<number> => Number(/\d+/.exec(await styleOf(page, 'body', name))![0]);
    for (const [colorScheme, sign] of [
      ['light', 1],
      ['dark', -1],
    ] as const) {
      await page.emulateMedia({ colorScheme });
      expect(sign * ((await light('backgroundColor')) - (await light('color')))).toBeGreaterThan(180);
    }
    await page.emulateMedia({ media: 'print' }); // print is always light
    expect((await light('backgroundColor')) - (await light('color'))).toBeGreaterThan(180);
    await page.emulateMedia({ media: 'screen' });
    for (const width of [390, 1280, 1920]) {
      await page.setViewportSize({ width, height: 800 });
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(width);
    }
    await page.close();
  });

  it('is whole without videos, training and numbers', async () => {
    writeFileSync(join(folder, 'empty.html'), renderReport({ title: 'Nothing yet', arms: [] }));
    const arms = [{ name: 'a', label: 'a', metrics: { psnr: null }, perFrame: { frame_difference: [] } }];
    const training = { iterations: [], loss: [] };
    writeFileSync(join(folder, 'sparse.html'), renderReport({ title: 'Little', arms, training, pictures: [] }));
    const empty = await openPage('empty.html');
    expect(await empty.locator('main > section h2').allTextContents()).toEqual(['Videos']);
    expect(await empty.getByText('There are no videos in this report.').isVisible()).toBe(true);
    await empty.keyboard.press('Space');
    await empty.close();
    const sparse = await openPage('sparse.html');
    expect(await sparse.locator('main > section h2').allTextContents()).toEqual(['Videos', 'All metrics', 'Training']);
    expect(await sparse.locator('table.metrics tbody td').allTextContents()).toEqual(['∞']); // identical frames
    expect(await sparse.getByText('Nothing was recorded of the training.').isVisible()).toBe(true);
    await sparse.close();
  });

  it('opens with its videos, then says in one sentence what was found, then the claims', async () => {
    const page = await openPage('whole.html');
    const parts = await page
      .locator('h1, #videos, .lead, .claims, .facts')
      .evaluateAll((all) => all.map((each) => each.id || each.className || each.tagName));
    expect(parts.slice(0, 5)).toEqual(['H1', 'videos', 'lead', 'claims', 'facts']);
    const stage = (await page.locator('.stage').boundingBox())!;
    expect(stage.y).toBeLessThan(300);
    await page.close();
  });

  it('gives every control a name', async () => {
    const page = await openPage('whole.html');
    const nameless = await page.evaluate(`[...document.querySelectorAll('button, select, input, a, img, video')]
      .filter((e) => !(e.closest('label')?.textContent.trim() || e.getAttribute('aria-label') || e.textContent.trim() || e.alt || e.closest('dialog')))
      .map((e) => e.outerHTML.slice(0, 80))`);
    expect(nameless).toEqual([]);
    expect(await faultsOf(page)).toEqual([]);
    await page.close();
  });

  it('shows what notebooks show, in a page saved from one: a plot by plotly, two videos under a wipe', async () => {
    const dark = Array.from({ length: 6 }, () => ({ width: 32, height: 32, data: new Uint8Array(3072).fill(10) }));
    const light = dark.map((frame) => ({ ...frame, data: new Uint8Array(3072).fill(240) }));
    const settings = showSettings();
    const lines = [{ label: 'a name that is longer than most, and is seen whole', points: [[1, 2]] as const }];
    const outputs = [
      await showCompare({ compare: [dark, light], labels: ['dark', 'light'] }, { ...settings, width: 200 }),
      await showPlot({ plot: { title: 'one', xLabel: 'x', lines } }, settings),
      await showPlot({ plot: { title: 'two', xLabel: 'x', lines } }, settings),
    ];
    const markup = outputs.map(({ bundle }) => bundle['text/html']).join('\n');
    writeFileSync(join(folder, 'saved.html'), `<!doctype html><meta charset="utf-8"><body>${markup}`);
    const page = await openPage('saved.html');
    await expect
      .poll(() => page.locator('.js-plotly-plot .legendtext').allTextContents())
      .toEqual(lines.flatMap(({ label }) => [label, label]));
    const [box, chart] = await Promise.all(
      ['.legendtext', '.js-plotly-plot'].map((name) => page.locator(name).first().boundingBox()),
    );
    expect(box!.x + box!.width).toBeLessThan(chart!.x + chart!.width);
    const button = page.locator('[id*=compare] button');
    await expect.poll(() => button.textContent()).toBe('Pause'); // it plays by itself
    await button.click();
    await expect.poll(() => button.textContent()).toBe('Play');
    await page.locator('input[type=range]').fill('75');
    const stage = page.locator('video').first();
    const { data, info } = await sharp(await stage.screenshot())
      .raw()
      .toBuffer({ resolveWithObject: true });
    const at = (x: number) =>
      data[info.channels * (info.width * Math.round(info.height * 0.7) + Math.round(info.width * x))];
    expect([at(0.1), at(0.6), at(0.9)].map((level) => level > 128)).toEqual([false, false, true]);
    await page.close();
  });

  it('never complained, and asked the network for nothing', () => {
    expect(problems).toEqual([]);
  });
});
