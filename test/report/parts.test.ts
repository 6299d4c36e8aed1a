// The parts of pages, without a browser: escaping, numbers, axes, smoothing, tables, and the types of scripts.

import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { root, TSC } from '../../scripts/setup.js';
import { METRICS } from '../../src/lib/metrics/measurement.js';
import { linearTicks, logTicks, runningMean } from '../../src/lib/report/chart-math.js';
import { decisionPlot } from '../../src/lib/report/decision.js';
import { formatValue } from '../../src/lib/report/format-value.js';
import { html, jsonForScript } from '../../src/lib/report/html.js';
import { metricsTable } from '../../src/lib/report/metrics-table.js';
import { PAGE_SCRIPTS, PAGE_STYLES, pageAssets } from '../../src/lib/report/page-assets.js';
import { metricsOf, REPORT_METRICS } from '../../src/lib/report/report-metrics.js';
import { seriesClass } from '../../src/lib/report/series.js';
import { settingsTable } from '../../src/lib/report/settings-table.js';
import { drawnPoints } from '../../src/lib/tracking/stored/downsample.js';

describe('html', () => {
  it('escapes what is put in, and nothing twice', () => {
    const inner = html`<b>${'<&>"\''}</b>`;
    expect(html`<p title="${'"'}">${inner}${[1, null, undefined, false, inner]}</p>`.markup).toBe(
      '<p title="&quot;"><b>&lt;&amp;&gt;&quot;&#39;</b>1<b>&lt;&amp;&gt;&quot;&#39;</b></p>',
    );
  });

  it('takes an object that looks like markup for a text', () => {
    const fake = JSON.parse('{ "markup": "<script>" }');
    expect(html`${fake}`.markup).toBe('[object Object]');
  });

  it('writes JSON that no script ends in and that reads back', () => {
    const value = { text: '</script><!--\u2028\u2029&' };
    const { markup } = jsonForScript(value);
    expect(markup).not.toMatch(/[<>&\u2028\u2029]/);
    expect(JSON.parse(markup)).toEqual(value);
  });
});

describe('numbers', () => {
  it.each([
    [0, '0'],
    [1, '1'],
    [14.7812, '14.78'],
    [-0.30123, '−0.3012'],
    [0.001664, '0.001664'],
    [1e-5, '1.00e−5'],
    [859_520_964, '859,520,964'],
    [Number.POSITIVE_INFINITY, '∞'],
    [null, '–'],
    [Number.NaN, '–'],
  ])('%d is shown as %s', (value, text) => expect(formatValue(value)).toBe(text));
});

describe('ticks', () => {
  it('are multiples of 1, 2 or 5 times a power of ten, without the last bits of fractions', () => {
    expect(linearTicks(0.05, 0.74, 5)).toEqual({ step: 0.1, values: [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7] });
    expect(linearTicks(-12, 30, 4)).toEqual({ step: 10, values: [-10, 0, 10, 20, 30] });
    expect(logTicks(-1, 0)).toEqual([0.1, 0.2, 0.5, 1]);
    expect(logTicks(-2, 0.1)).toEqual([0.01, 0.03, 0.1, 0.3, 1]);
    expect(logTicks(-3, 3)).toEqual([0.001, 0.01, 0.1, 1, 10, 100, 1000]);
  });
});

describe('colours', () => {
  it('of forty arms differ, in colour or in dash', () => {
    const classes = Array.from({ length: 40 }, (_, i) => seriesClass(i));
    expect(new Set(classes).size).toBe(40);
    for (const each of classes) expect(each).toMatch(/^series-[0-7]( dash-[1-4])?$/);
  });
});

describe('curves', () => {
  it('are smoothed without bias at the start, and gaps stay gaps', () => {
    expect(runningMean([4, 4, null, 4], 0.8)).toEqual([4, 4, null, 4]);
    // By hand, w = 1/2: 1; (2 + 0.5) / 1.5; a gap; (4 + 1 + 0.25) / 1.75.
    expect(runningMean([null, 1, 2, null, 4], 0.5)).toEqual([null, 1, 2.5 / 1.5, null, 5.25 / 1.75]);
  });

  it('keep every outlier when thinned', () => {
    const values = Array.from({ length: 100_000 }, (_, i) => (i === 54_321 ? 9 : i === 777 ? -9 : null));
    const kept = drawnPoints(
      values.map((_, i) => i),
      values,
      200,
    );
    expect(kept.length).toBeLessThanOrEqual(200);
    expect(kept).toEqual(expect.arrayContaining([0, 777, 54_321, 99_999]));
    expect(drawnPoints([0, 5, 9], [1, null, 3], 100)).toEqual([0, 1, 2]);
  });
});

describe('metrics', () => {
  it('are all described, with as many frames as the library says', () => {
    const frames = Object.fromEntries(Object.entries(REPORT_METRICS).map(([name, each]) => [name, each.frames ?? 1]));
    expect(frames).toEqual(Object.fromEntries(Object.entries(METRICS).map(([name, each]) => [name, each.frames])));
    for (const each of Object.values(REPORT_METRICS)) expect(each.explanation).toMatch(/\.$/);
  });

  it('come in the order of tables, others after them under their own words', () => {
    const arms = [{ name: 'a', label: 'a', metrics: { true_error: 1, psnr: 2, edit_strength: 3 } }];
    expect(metricsOf(arms, 'metrics').map(({ name, title }) => [name, title])).toEqual([
      ['edit_strength', 'edit strength'],
      ['psnr', 'PSNR'],
      ['true_error', 'true error'],
    ]);
  });

  it('mark what is frozen, and nothing as the best', () => {
    const arms = [0.49, 0.5, 1].map((flicker_ratio, i) => ({
      name: `${i}`,
      label: `${i}`,
      metrics: { flicker_ratio },
    }));
    const { markup } = metricsTable(arms)!;
    expect(markup.split('class="frozen"')).toHaveLength(2);
    expect(markup).toContain('No value is marked as the best one');
    expect(markup).not.toMatch(/<td[^>]*>\s*<(b|strong)/);
  });
});

describe('the decision', () => {
  const arm = (
    name: string,
    kind: 'source' | 'floor' | 'plain' | 'method',
    x: number | null,
    y: number,
    strength?: number,
  ) => ({
    ...{ name, label: name, kind, settings: { strength: strength ?? null } },
    metrics: { edit_strength: x, warping_error_normalised: y },
  });

  it('joins the plain arms by strength, and puts the others beside them', () => {
    const arms = [
      arm('source', 'source', null, 0.17),
      arm('p75', 'plain', 36, 0.27, 0.75),
      arm('p45', 'plain', 21, 0.3, 0.45),
      arm('tuned', 'method', 64, 0.68, 0.45),
    ];
    const { markup } = decisionPlot(arms)!;
    const [, json] = /<script type="application\/json">(.*?)<\/script>/s.exec(markup)!;
    const { lines, floors } = JSON.parse(json);
    expect(lines).toMatchObject([
      { kind: 'both', x: [21, 36], y: [0.3, 0.27], text: ['p45', 'p75'] },
      { kind: 'points', name: 'tuned', x: [64], y: [0.68], colour: 'series-2' },
    ]);
    expect(floors).toEqual([{ label: 'the source’s own', y: 0.17 }]);
  });

  it('is absent where nothing has both metrics', () => {
    expect(decisionPlot([arm('a', 'method', null, 1)])).toBeUndefined();
  });
});

describe('settings', () => {
  it('are marked where the published recipe differs', () => {
    const { markup } = settingsTable([
      { name: 'steps', value: '50', published: '50' },
      { name: 'rate', value: '1e-4', published: '1e-5' },
      { name: 'rank', value: '16' },
    ])!;
    expect(markup).toContain('One setting differs');
    expect(markup.split('class="differs"')).toHaveLength(2);
  });
});

describe('the files of pages', () => {
  const folder = join(root, 'assets/report');

  it('are all used', () => {
    const names = [...PAGE_SCRIPTS.map((name) => `${name}.js`), ...PAGE_STYLES.map((name) => `${name}.css`)];
    expect(readdirSync(folder).sort()).toEqual(names.sort());
  });

  it('become one script without imports, in an order in which each name is known before it is used', () => {
    const { script, style } = pageAssets();
    expect(script).not.toMatch(/^\s*(import|export)\b/m);
    expect(script).not.toMatch(/<\/script|<!--/i);
    expect(style).not.toMatch(/@import|url\(/);
    const known = new Set<string>();
    for (const name of PAGE_SCRIPTS) {
      const text = readFileSync(join(folder, `${name}.js`), 'utf8');
      for (const [, from] of text.matchAll(/^import .* from '\.\/(.*)\.js';$/gm)) expect(known).toContain(from);
      known.add(name);
    }
    expect(script.length + style.length).toBeLessThan(64_000);
  });

  it('are free of type errors', () => {
    const args = [TSC, '-p', 'test/report/page-scripts.json'];
    const { stdout, status } = spawnSync(process.execPath, args, { cwd: root, encoding: 'utf8' });
    expect(stdout).toBe('');
    expect(status).toBe(0);
  });
});
