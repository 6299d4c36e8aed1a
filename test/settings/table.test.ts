// The table of settings: its defaults are valid, its names are unambiguous, and the page about it lists all.

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { root } from '../../scripts/setup.js';
import { defaultsOf, withDefaults } from '../../src/lib/settings/defaults.js';
import { schemaOf } from '../../src/lib/settings/schema.js';
import { type SettingTable, storedName } from '../../src/lib/settings/setting.js';
import {
  countsForIdentity,
  identifyingSettings,
  optionsFromStored,
  storedSettings,
} from '../../src/lib/settings/stored.js';
import {
  APPLIED,
  CHECKPOINT,
  COURSE,
  FILTER,
  FINETUNE,
  METHOD,
  OUTPUT,
  PRIOR,
  RENDER,
  SELECTION,
  SETTINGS,
  STEADIED,
  SUBJECT,
} from '../../src/lib/settings/table.js';

const TABLES: Readonly<Record<string, SettingTable>> = {
  'What is worked on': SUBJECT,
  'Which frames, at what size': SELECTION,
  'How a checkpoint is read': CHECKPOINT,
  'What is applied to a model': APPLIED,
  Rendering: RENDER,
  Finetuning: FINETUNE,
  'The course of a finetuning': COURSE,
  Steadying: { ...METHOD, ...STEADIED, ...FILTER, ...PRIOR },
  'What files have besides their pixels': OUTPUT,
};

it('has defaults that it allows', () => {
  for (const [name, setting] of Object.entries<SettingTable[string]>(SETTINGS)) {
    if (setting.default === undefined) continue;
    expect(schemaOf(setting).safeParse(setting.default), name).toMatchObject({ success: true });
  }
});

it('names each setting once, in files and on the command line', () => {
  const rows = Object.entries<SettingTable[string]>(SETTINGS);
  const stored = rows.map(([name, row]) => storedName(name, row));
  expect(new Set(stored).size).toBe(rows.length);
  expect(rows.length).toBe(Object.values(TABLES).flatMap((table) => Object.keys(table)).length);
});

it('fills in defaults, and leaves what is given', () => {
  expect(defaultsOf(RENDER)).toMatchObject({
    ...{ prompt: '', negativePrompt: '', strength: 0.45, seed: 42, steps: 50, sampler: 'ddim', guidanceScale: 7.5 },
    ...{ noise: 'fixed', noiseDraw: 1, batch: 1 },
  });
  expect(withDefaults({ steps: RENDER.steps, seed: RENDER.seed }, { steps: 20, seed: undefined, other: 1 })).toEqual({
    ...{ steps: 20, seed: 42, other: 1 },
  });
});

it('stores settings by their names in files, and reads them back', () => {
  const options = { guidanceScale: 3, noiseDraw: 2, unknown: 1 };
  expect(storedSettings(RENDER, options)).toEqual({ guidance: 3, noise_draw: 2 });
  expect(optionsFromStored(RENDER, { guidance: 3, noise_draw: 2, training_seed: 1 })).toEqual({
    ...{ guidanceScale: 3, noiseDraw: 2 },
  });
});

it('puts what a preset stands for before the defaults, and after what is given', () => {
  expect(withDefaults(RENDER, { preset: 'fast' as const })).toMatchObject({ sampler: 'dpmpp-2m', steps: 20, seed: 42 });
  expect(withDefaults(RENDER, { preset: 'fast' as const, steps: 30 })).toMatchObject({
    sampler: 'dpmpp-2m',
    steps: 30,
  });
  expect(() => withDefaults(RENDER, { preset: 'faster' })).toThrow("preset: 'faster', expected one of fast, draft");
  const identity = identifyingSettings(RENDER, { preset: 'draft' });
  expect(identity).toEqual(identifyingSettings(RENDER, { sampler: 'dpmpp-2m', steps: 10 }));
  expect(identity).not.toHaveProperty('preset');
});

it('counts a setting that was added later only where it is not the default', () => {
  expect(countsForIdentity(FINETUNE.schedule, 'constant')).toBe(false);
  expect(countsForIdentity(FINETUNE.schedule, 'cosine')).toBe(true);
  expect(countsForIdentity(RENDER.steps, 50)).toBe(true);
  expect(countsForIdentity(RENDER.steps, undefined)).toBe(false);
});

it('is listed on its page', () => {
  const path = join(root, 'src/lib/settings/README.md');
  const page = `# Settings

Made from \`table.ts\`. The name is the library's option and, in kebab case, the command's flag; in files (sweeps, runs, results) it
has the second name.
${Object.entries(TABLES).map(section).join('')}`;
  // RENEW_PAGE=1 npx vitest run test/settings
  if (process.env.RENEW_PAGE) writeFileSync(path, page);
  expect(readFileSync(path, 'utf8')).toBe(page);
});

function section([title, table]: [string, SettingTable]): string {
  const rows = Object.entries(table).map(([name, row]) => {
    const words = row.kind === 'word' || row.kind === 'words' ? `: ${row.words.join(', ')}` : '';
    const byDefault = row.default === undefined || row.default === '' ? '' : `\`${JSON.stringify(row.default)}\``;
    const cells = [
      `\`${name}\``,
      `\`${storedName(name, row)}\``,
      byDefault,
      row.help + (row.help.includes(words.slice(2, 6)) ? '' : words),
    ];
    return `| ${cells.join(' | ')} |\n`;
  });
  return `\n## ${title}\n\n| setting | in files | default | |\n| --- | --- | --- | --- |\n${rows.join('')}`;
}
