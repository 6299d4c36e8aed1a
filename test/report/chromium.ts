// The browser for tests of pages: one installed on the machine, because the packages contain none.

import { existsSync } from 'node:fs';
import { type Browser, chromium } from 'playwright-core';
import { skipNote } from '../skipped.js';

const PLACES = [
  process.env.CHROMIUM_PATH,
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  'C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe',
];

/** Its path, if there is one. */
export const CHROMIUM: string | undefined = PLACES.find((path) => path && existsSync(path));

/** The reason for skipping a suite that needs it, for its title. */
export const chromiumNote: string = skipNote(CHROMIUM, 'no Chromium; install one or set CHROMIUM_PATH');

/** Timeout of pages in milliseconds, for hanging ones, not for slow ones. */
export const PATIENCE = 300_000;

/** Starts it headless. */
export function startChromium(): Promise<Browser> {
  return chromium.launch({ executablePath: CHROMIUM, timeout: PATIENCE, args: ['--no-sandbox', '--disable-gpu'] });
}
