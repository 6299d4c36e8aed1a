// @ts-check
// Damages files of every kind and reads them in processes with limits of time and memory. Which input is which depends on
// the seed alone.

import { fork } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { KINDS } from './kinds.js';
import { mutate } from './mutate.js';
import { residentBytes } from './process-memory.js';
import { randomOf } from './random.js';

/** Limits of one reading. */
const LONGEST = 10_000;
const MOST_BYTES = 2 * 2 ** 30;
/** A process that has come to hold so much is replaced between two inputs. */
const WORN_BYTES = 2 ** 30;

/**
 * @typedef {import('./child.js').Told} Told
 * @typedef {{ index: number, kind: string, file: string, what: 'foreign error' | 'hang' | 'memory', message: string, saved?: string }} Finding
 * @typedef {object} Fuzzed
 * @property {number} inputs
 * @property {number} read how many could be read all the same
 * @property {number} refused how many were refused in one sentence of ours
 * @property {Finding[]} findings
 *
 * @typedef {object} FuzzOptions
 * @property {number} [seed]
 * @property {number} [inputs] how many; without a limit where `seconds` is given
 * @property {number} [seconds]
 * @property {string} [kind] only this one
 * @property {number} [only] only the input of this index
 * @property {string} [save] a folder for the inputs of findings
 * @property {(done: number, findings: number) => void} [onProgress]
 */

/** Which file of which kind an input is, and its bytes. @param {number} seed @param {number} index @param {string} base @param {string | undefined} only */
function inputOf(seed, index, base, only) {
  const random = randomOf(seed, index);
  const kind = only ?? kindAt(random.unit());
  const file = random.pick(Object.keys(KINDS[kind].files));
  return { kind, file, bytes: mutate(readFileSync(join(base, kind, file)), KINDS[kind].files[file], random) };
}

/** @param {number} place from 0 to 1 */
function kindAt(place) {
  let rest = place * Object.values(KINDS).reduce((sum, { share }) => sum + share, 0);
  for (const [name, { share }] of Object.entries(KINDS)) {
    rest -= share;
    if (rest < 0) return name;
  }
  return Object.keys(KINDS)[0];
}

/** @param {FuzzOptions} options @returns {Promise<Fuzzed>} */
export async function fuzz({ seed = 1, inputs, seconds, kind, only, save, onProgress }) {
  const top = mkdtempSync(join(tmpdir(), 'steadyframe-fuzz-'));
  const base = join(top, 'base');
  const last = only !== undefined ? only + 1 : (inputs ?? (seconds === undefined ? 1000 : Number.POSITIVE_INFINITY));
  /** @type {Fuzzed} */
  const result = { inputs: 0, read: 0, refused: 0, findings: [] };
  try {
    for (const name of kind === undefined ? Object.keys(KINDS) : [kind]) {
      mkdirSync(join(base, name), { recursive: true });
      await KINDS[name].make(join(base, name));
    }
    const end = performance.now() + 1000 * (seconds ?? Number.POSITIVE_INFINITY);
    let next = only ?? 0;
    await Promise.all(
      Array.from({ length: only === undefined ? availableParallelism() : 1 }, async (_, n) => {
        const reader = openReader(base, join(top, `reader-${n}`));
        while (next < last && performance.now() < end) {
          const index = next++;
          const input = inputOf(seed, index, base, kind);
          const told = await reader.read(input);
          result.inputs++;
          if (told.ended === 'read') result.read++;
          else if (told.ended === 'refused') result.refused++;
          else {
            const finding = {
              index,
              kind: input.kind,
              file: input.file,
              what: told.ended === 'foreign' ? 'foreign error' : told.ended,
              message: told.message ?? '',
            };
            result.findings.push(
              /** @type {Finding} */ ({ ...finding, ...(save && { saved: keep(save, seed, finding, input.bytes) }) }),
            );
          }
          onProgress?.(result.inputs, result.findings.length);
        }
        reader.close();
      }),
    );
  } finally {
    rmSync(top, { recursive: true, force: true, maxRetries: 5 });
  }
  result.findings.sort((a, b) => a.index - b.index);
  return result;
}

/** The line that sums up. @param {Fuzzed} result */
export function summaryOf({ inputs, findings }) {
  const count = (/** @type {string} */ what) => findings.filter((finding) => finding.what === what).length;
  return `${inputs} inputs: ${count('foreign error')} foreign errors, ${count('hang')} hangs, ${count('memory')} beyond 2 GB`;
}

/** @param {string} save @param {number} seed @param {object & { index: number, kind: string, file: string }} finding @param {Buffer} bytes */
function keep(save, seed, finding, bytes) {
  const folder = join(save, `${finding.kind}-${seed}-${finding.index}`);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, basename(finding.file)), bytes);
  writeFileSync(join(folder, 'finding.json'), `${JSON.stringify({ seed, ...finding }, null, 1)}\n`);
  return folder;
}

/**
 * One process at a time that reads inputs, replaced where it hangs, dies or takes too much.
 *
 * @param {string} base whole samples, a folder for each kind
 * @param {string} work where this reader's own copies of them lie
 */
function openReader(base, work) {
  /** @type {ReturnType<typeof startChild> | undefined} */
  let child;
  /** How long each kind takes where nothing is damaged, in milliseconds: what a hang is on this machine as busy as it is now. @type {Map<string, number>} */
  const usual = new Map();

  /** @param {string} kind @param {string} file @param {Buffer | undefined} bytes @param {number} limit */
  const once = async (kind, file, bytes, limit) => {
    const folder = join(work, kind);
    rmSync(folder, { recursive: true, force: true });
    cpSync(join(base, kind), folder, { recursive: true });
    if (bytes) writeFileSync(join(folder, file), bytes);
    child ??= startChild();
    const told = await child.ask({ kind, folder, file }, limit);
    if (told.rss > WORN_BYTES || (told.ended !== 'read' && told.ended !== 'refused')) {
      child.stop();
      child = undefined;
    }
    return told;
  };
  return {
    /** @param {{ kind: string, file: string, bytes: Buffer }} input */
    async read({ kind, file, bytes }) {
      if (!usual.has(kind)) {
        const before = performance.now();
        const whole = await once(kind, file, undefined, 600_000);
        if (whole.ended !== 'read') throw new Error(`fuzz: the whole ${file} is not read: ${whole.message}`);
        usual.set(kind, performance.now() - before);
      }
      const limit = Math.max(LONGEST, 20 * (usual.get(kind) ?? 0));
      const told = await once(kind, file, bytes, limit);
      // Again in a fresh process: what a busy machine or the inputs before it caused is no finding.
      return told.ended === 'hang' || told.ended === 'memory' ? once(kind, file, bytes, 2 * limit) : told;
    },
    close: () => child?.stop(),
  };
}

function startChild() {
  const child = fork(fileURLToPath(new URL('child.js', import.meta.url)), {
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    env: { ...process.env, STEADYFRAME_MLFLOW_URI: '' },
  });
  const ready = new Promise((resolve, reject) => {
    child.once('message', resolve);
    child.once('exit', () => reject(new Error('fuzz: a reader ended before it began; is dist up to date?')));
  });
  return {
    /** @param {object} input @param {number} limit in milliseconds @returns {Promise<Omit<Told, 'ended'> & { ended: Told['ended'] | 'hang' | 'memory' }>} */
    async ask(input, limit) {
      await ready;
      child.removeAllListeners('exit');
      return new Promise((resolve) => {
        const end = (/** @type {object} */ told) => {
          clearTimeout(timer);
          clearInterval(watch);
          child.removeAllListeners('message').removeAllListeners('exit');
          resolve(/** @type {never} */ ({ rss: 0, peak: 0, ...told }));
        };
        const timer = setTimeout(
          () => end({ ended: 'hang', message: `no end after ${Math.round(limit / 1000)} s` }),
          limit,
        );
        const watch = setInterval(() => {
          const bytes = residentBytes(child.pid ?? 0);
          if (bytes > MOST_BYTES) end({ ended: 'memory', message: `${(bytes / 2 ** 30).toFixed(1)} GB` });
        }, 100);
        child.once('message', (/** @type {Told} */ told) => {
          end(
            told.peak > MOST_BYTES
              ? { ...told, ended: 'memory', message: `${(told.peak / 2 ** 30).toFixed(1)} GB` }
              : told,
          );
        });
        child.once('exit', (code, signal) =>
          end({ ended: 'foreign', message: `the process ended with ${signal ?? code}` }),
        );
        child.send(input);
      });
    },
    stop() {
      child.removeAllListeners();
      child.kill('SIGKILL');
    },
  };
}
