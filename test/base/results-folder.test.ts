import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { csvRow } from '../../src/lib/base/csv.js';
import { UsageError } from '../../src/lib/base/errors.js';
import { namesIn, refuseOtherFiles } from '../../src/lib/base/results-folder.js';
import { scratchFolder } from '../sweeps/tiny.js';

it('a folder for results holds nothing of others', async () => {
  const folder = scratchFolder();
  const out = join(folder, 'out');
  expect(await namesIn(out)).toEqual([]);
  mkdirSync(out);
  for (const name of ['a', 'b', 'c', 'd', 'lock', '.hidden']) writeFileSync(join(out, name), '');
  const names = await namesIn(out);
  expect(names.sort()).toEqual(['.hidden', 'a', 'b', 'c', 'd', 'lock']);
  expect(() => refuseOtherFiles(out, names, ['lock'])).toThrow(`${out}: holds other files (a, b, c); choose`);
  refuseOtherFiles(out, ['lock', '.hidden'], ['lock']);
  await expect(namesIn(join(out, 'a'))).rejects.toThrow(UsageError);
});

it('cells of a CSV table are quoted where they have to be', () => {
  expect(csvRow(['a', 0.5, 'b,c', 'say "d"', 'e\nf', 'g\rh', ''])).toBe('a,0.5,"b,c","say ""d""","e\nf","g\rh",');
});
