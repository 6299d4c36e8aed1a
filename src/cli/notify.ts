// A notice at the end of a command: the terminal's bell, the desktop's notification, a request to a webhook. A notice that
// fails is a warning, never the command's failure.

import { execFile } from 'node:child_process';
import { basename } from 'node:path';
import { type Environment, variable } from '../lib/base/environment.js';
import { formatSeconds } from '../lib/base/progress.js';
import type { Terminal } from './terminal.js';

/** The kinds of notices. */
export const NOTICES = ['bell', 'desktop', 'webhook'] as const;
export type Notice = (typeof NOTICES)[number];

/** The end of a command. */
export interface CommandEnd {
  /** Name of the command, and its first argument. */
  readonly command: readonly string[];
  /** The exit code. */
  readonly code: number;
  readonly seconds: number;
}

/** How the kinds of notices are given. */
interface Means {
  /** The terminal itself: a bell is a control character. */
  readonly terminal: Pick<Terminal, 'err' | 'env'>;
  readonly warn: (message: string) => void;
}

/** Milliseconds that a webhook, or the desktop, has to answer. */
const PATIENCE = 10_000;

/** Gives each notice once, and waits until it is given. */
export async function notify(kinds: readonly Notice[], end: CommandEnd, { terminal, warn }: Means): Promise<void> {
  const text = endText(end);
  const given: Readonly<Record<Notice, () => void | Promise<void>>> = {
    bell() {
      if (terminal.err.isTTY) terminal.err.write('\x07');
    },
    desktop: () => showOnDesktop(text),
    webhook: () => callWebhook(terminal.env, text, end),
  };
  for (const kind of new Set(kinds)) {
    try {
      await given[kind]();
    } catch (error) {
      warn(`no notice was given: ${(error as Error).message}`);
    }
  }
}

/** `sweep shot.mp4: done after 3:05`. */
export function endText({ command: [name, subject], code, seconds }: CommandEnd): string {
  const outcome = code === 0 ? 'done' : code === 1 ? 'failed' : 'interrupted';
  const what = subject === undefined || subject.startsWith('-') ? name : `${name} ${basename(subject)}`;
  return `${what}: ${outcome} after ${formatSeconds(seconds)}`;
}

async function showOnDesktop(text: string): Promise<void> {
  if (process.platform === 'darwin') {
    const script = 'on run argv\ndisplay notification (item 1 of argv) with title "steadyframe"\nend run';
    return started('osascript', ['-e', script, text]);
  }
  if (process.platform === 'linux') return started('notify-send', ['--app-name', 'steadyframe', 'steadyframe', text]);
  throw new Error('notices on the desktop are known of Linux and macOS only; choose bell or webhook');
}

function started(program: string, args: readonly string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    execFile(program, args, { timeout: PATIENCE }, (error) => {
      const { code } = (error ?? {}) as NodeJS.ErrnoException;
      if (!error) resolve();
      else
        reject(
          new Error(
            code === 'ENOENT' ? `there is no ${program}; install it, or choose bell or webhook` : error.message,
          ),
        );
    });
  });
}

/** Posts the text as Slack (`text`) and Discord (`content`) take it, and the numbers beside it. */
async function callWebhook(env: Environment, text: string, { command, code, seconds }: CommandEnd): Promise<void> {
  const address = variable('STEADYFRAME_WEBHOOK', env);
  if (address === undefined) throw new Error('STEADYFRAME_WEBHOOK names no address; set it to the one of the webhook');
  const line = `steadyframe ${text}`;
  const body = { text: line, content: line, command: command[0], exit_code: code, seconds: Math.round(seconds) };
  // The address is a secret, and is not part of any message.
  const response = await fetch(address, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(PATIENCE),
  }).catch((error: Error) => {
    const { code: reason = error.name } = (error.cause ?? {}) as NodeJS.ErrnoException;
    throw new Error(`the webhook does not answer (${reason})`);
  });
  await response.body?.cancel();
  if (!response.ok) throw new Error(`the webhook answers ${response.status}`);
}
