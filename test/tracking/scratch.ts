// A temporary folder for runs, and tracking in separate processes, which tests can kill.

import { type ChildProcess, spawn } from 'node:child_process';
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import ts from 'typescript';
import { afterAll } from 'vitest';
import { root } from '../../scripts/setup.js';

const folders: string[] = [];
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
});

/** Creates a folder that is removed after the file's tests; can be called inside a test. */
export function scratchFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'steadyframe-runs-'));
  folders.push(folder);
  return folder;
}

/** Compiles `base` and `tracking` for processes without vitest; returns the folder of tracking. */
export function translateTracking(folder: string): string {
  copyFileSync(join(root, 'package.json'), join(folder, 'package.json'));
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'), 'junction');
  for (const part of ['src/lib/base', 'src/lib/tracking']) {
    for (const entry of readdirSync(join(root, part), { recursive: true, withFileTypes: true })) {
      if (!entry.name.endsWith('.ts')) continue;
      const source = join(entry.parentPath, entry.name);
      const target = join(folder, source.slice(root.length).replace(/\.ts$/, '.js'));
      mkdirSync(dirname(target), { recursive: true });
      const compilerOptions = {
        module: ts.ModuleKind.ESNext,
        target: ts.ScriptTarget.ES2023,
        verbatimModuleSyntax: true,
      };
      writeFileSync(target, ts.transpileModule(readFileSync(source, 'utf8'), { compilerOptions }).outputText);
    }
  }
  return join(folder, 'src/lib/tracking');
}

/** A started process. */
export interface Child {
  readonly process: ChildProcess;
  /** Its output so far. */
  readonly printed: () => string;
  /** Resolves with the exit code, or the signal that ended it. */
  readonly ended: Promise<number | string | null>;
}

/**
 * Runs a script in the folder of compiled sources; it can import `./start-run.js` and the others.
 *
 * @param tracking the folder from `translateTracking`
 */
export function runScript(
  tracking: string,
  name: string,
  script: string,
  env: Record<string, string> = {},
  args: readonly string[] = [],
): Child {
  const path = join(tracking, `${name}.script.js`);
  writeFileSync(path, script);
  const child = spawn(process.execPath, [path, ...args], {
    cwd: tracking,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let printed = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      printed += text;
    });
  }
  const ended = new Promise<number | string | null>((resolve) => {
    child.on('close', (code, signal) => resolve(signal ?? code));
  });
  return { process: child, printed: () => printed, ended };
}
