// The browser that pages are tried in: one that is installed on the machine, since none comes with the packages.

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

/** Why a suite that needs it is skipped, to be put into its title. */
export const chromiumNote: string = skipNote(CHROMIUM, 'no Chromium; install one or set CHROMIUM_PATH');

/** How long pages may take for what they are told, in milliseconds: for what hangs, not for what is slow. */
export const PATIENCE = 300_000;

/** Starts it, without a window. */
export function startChromium(): Promise<Browser> {
  return chromium.launch({ executablePath: CHROMIUM, timeout: PATIENCE, args: ['--no-sandbox', '--disable-gpu'] });
}
