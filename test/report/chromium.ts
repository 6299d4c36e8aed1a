// The browser that pages are tried in: one that is installed on the machine, since none comes with the packages.

import { existsSync } from 'node:fs';
import { type Browser, chromium } from 'playwright-core';

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
export const chromiumNote: string = CHROMIUM ? '' : ' [skipped: no Chromium; install one or set CHROMIUM_PATH]';

/** Starts it, without a window. */
export function startChromium(): Promise<Browser> {
  return chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox', '--disable-gpu'] });
}
