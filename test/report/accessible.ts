// What axe-core finds in a page: the faults that shut people out.

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { AxeResults } from 'axe-core';
import type { Page } from 'playwright-core';

const source = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** The serious and critical faults of a page as it is now, as texts with the elements; its colours in light and in dark. */
export async function faultsOf(page: Page): Promise<string[]> {
  await page.evaluate(source);
  const all = await serious(page, `{ resultTypes: ['violations'] }`);
  await page.emulateMedia({ colorScheme: 'dark' });
  const dark = await serious(page, `{ resultTypes: ['violations'], runOnly: ['color-contrast'] }`);
  await page.emulateMedia({ colorScheme: 'light' });
  return [...all, ...dark.map((fault) => `in dark: ${fault}`)];
}

async function serious(page: Page, options: string): Promise<string[]> {
  const { violations } = await page.evaluate<AxeResults>(`axe.run(${options})`);
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .flatMap(({ id, nodes }) => nodes.slice(0, 5).map(({ html, any }) => `${id}: ${html} ${any[0]?.message ?? ''}`));
}
