// Processes that compete for a lock, round after round; some of them are killed meanwhile.

import { type ChildProcess, fork } from 'node:child_process';
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** The outcome of a race. */
export interface RaceOutcome {
  readonly rounds: number;
  /** Rounds in which two or more processes held the lock. */
  readonly double: number;
  /** Rounds after which no process held it and none could acquire it. */
  readonly nobody: number;
  /** Rounds in which a process of the race acquired it, without an additional one afterwards. */
  readonly won: number;
  /** Rounds that left a file in addition to the lock. */
  readonly litter: number;
}

/** A race. */
export interface Race {
  /** Folder of the rounds' folders. */
  readonly scratch: string;
  readonly rounds: number;
  /** `lock` for a folder's lock, `claim` for a run's; `unlinked` for a lock where there are no hard links. */
  readonly kind: 'lock' | 'claim' | 'unlinked';
  /** Puts a dead process's lock into the folder, or nothing. */
  readonly prepare: (folder: string) => void;
  /** Kill a third of them within this number of milliseconds after the start. */
  readonly killWithin?: number;
}

const RACER = `
import { link, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { isHeld, takeLock } from '../base/lock-file.js';
import { isClaim, takeClaim } from './log/claim.js';
const noLinks = async () => { throw Object.assign(new Error('no links'), { code: 'ENOTSUP', syscall: 'link' }); };
let held;
process.on('disconnect', () => process.exit());
process.on('message', async ({ folder, kind, at }) => {
  if (folder === undefined) {
    await held?.release();
    held = undefined;
    return process.send({ released: true });
  }
  await new Promise((resolve) => setTimeout(resolve, at - Date.now() - 3));
  while (Date.now() < at);
  try {
    const taken = kind === 'claim' ? await takeClaim(folder, 'owner')
      : await takeLock(join(folder, 'lock'), kind === 'unlinked' ? noLinks : link);
    if (isHeld(taken)) held = taken;
    process.send({ held: isHeld(taken) });
  } catch (error) {
    process.send({ error: error.stack });
  }
});
process.send({ ready: true });`;

/** Processes that race. */
export interface Racers {
  race(race: Race): Promise<RaceOutcome>;
  close(): void;
}

/**
 * Starts processes that race.
 *
 * @param tracking the folder of translated sources: see `translateTracking`
 */
export async function startRacers(tracking: string, processes: number): Promise<Racers> {
  const script = join(tracking, 'racer.script.js');
  writeFileSync(script, RACER);
  const start = async (): Promise<ChildProcess> => {
    const child = fork(script, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
    await answer(child);
    if (child.exitCode !== null)
      throw new Error(`a process that should race has ended with exit code ${child.exitCode}`);
    return child;
  };
  const racers = await Promise.all(Array.from({ length: processes }, start));
  return {
    race: (race) => run(race, racers, start),
    close() {
      for (const racer of racers) racer.kill('SIGKILL');
    },
  };
}

async function run(
  { scratch, rounds, kind, prepare, killWithin }: Race,
  racers: ChildProcess[],
  start: () => Promise<ChildProcess>,
): Promise<RaceOutcome> {
  const outcome = { rounds, double: 0, nobody: 0, won: 0, litter: 0 };
  for (let round = 0; round < rounds; round++) {
    const folder = join(scratch, `round-${round}`);
    mkdirSync(folder);
    prepare(folder);
    const at = Date.now() + 15;
    const answers = racers.map((racer) => answer(racer));
    for (const racer of racers) racer.send({ folder, kind, at });
    if (killWithin !== undefined) {
      for (const racer of racers.filter((_, i) => (i + round) % 3 === 0)) {
        setTimeout(() => racer.kill('SIGKILL'), 15 + Math.random() * killWithin);
      }
      await new Promise((resolve) => setTimeout(resolve, 16 + killWithin));
    }
    const held = (await Promise.all(answers)).map((said) => said?.held === true);
    const living = racers.map((racer) => racer.signalCode === null && !racer.killed);
    let holders = held.filter((has, i) => has && living[i]).length;
    if (holders > 1) outcome.double++;
    if (holders === 1) outcome.won++;
    for (const [i, racer] of racers.entries()) if (!living[i]) racers[i] = await replaced(racer, start);
    if (holders === 0 && killWithin !== undefined) {
      const late = racers[held.indexOf(false)] ?? racers[0];
      const said = answer(late);
      late.send({ folder, kind, at: Date.now() });
      holders = (await said)?.held ? 1 : 0;
    }
    if (holders === 0) outcome.nobody++;
    const released = racers.map((racer) => answer(racer));
    for (const racer of racers) racer.send({});
    await Promise.all(released);
    if (readdirSync(folder).length > 0) outcome.litter++;
    rmSync(folder, { recursive: true, force: true });
  }
  return outcome;
}

async function replaced(racer: ChildProcess, start: () => Promise<ChildProcess>): Promise<ChildProcess> {
  if (racer.signalCode === null) await new Promise((resolve) => racer.once('exit', resolve));
  return start();
}

/** The next message of a process; undefined if it ends before. */
function answer(child: ChildProcess): Promise<{ held?: boolean } | undefined> {
  return new Promise((resolve, reject) => {
    const settle = (): void => {
      child.off('message', listen).off('exit', died);
    };
    const listen = (said: { held?: boolean; error?: string }): void => {
      settle();
      if (said.error !== undefined) reject(new Error(said.error));
      else resolve(said);
    };
    const died = (): void => {
      settle();
      resolve(undefined);
    };
    child.on('message', listen).on('exit', died);
  });
}
