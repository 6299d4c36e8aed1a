// Mutual exclusion: of eight processes that lock at the same time, exactly one succeeds. STEADYFRAME_LOCK_ROUNDS=1000 for
// more rounds.

import { spawnSync } from 'node:child_process';
import { mkdtempSync, utimesSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { thisProcess } from '../../src/lib/base/process-identity.js';
import { scratchFolder, translateTracking } from '../tracking/scratch.js';
import { type Race, type Racers, startRacers } from './lock-race.js';

const rounds = Number(process.env.STEADYFRAME_LOCK_ROUNDS ?? 10);
const timeout = 60_000 + 1000 * rounds;
const scratch = scratchFolder();
let racers: Racers;
beforeAll(async () => {
  racers = await startRacers(translateTracking(scratchFolder()), 8);
});
afterAll(() => racers.close());

/** A process that has ended. */
const deadPid = spawnSync(process.execPath, ['-e', '']).pid;
const dead = JSON.stringify({ ...thisProcess(), started: '1', id: '0123456789abcdef' });

const race = (options: Pick<Race, 'kind' | 'prepare'> & Partial<Race>) =>
  racers.race({ scratch: mkdtempSync(join(scratch, 'race-')), rounds, ...options });
const exactlyOne = { rounds, double: 0, nobody: 0, won: rounds, litter: 0 };

describe('of eight processes exactly one takes', () => {
  it.each<[string, Pick<Race, 'kind' | 'prepare'>]>([
    ['a lock that is free', { kind: 'lock', prepare: () => {} }],
    ["a dead process's lock", { kind: 'lock', prepare: (folder) => writeFileSync(join(folder, 'lock'), dead) }],
    [
      "a dead process's lock of an earlier version",
      {
        kind: 'lock',
        prepare: (folder) => writeFileSync(join(folder, 'lock'), JSON.stringify({ pid: deadPid, host: hostname() })),
      },
    ],
    [
      'a lock that was never written',
      {
        kind: 'lock',
        prepare(folder) {
          writeFileSync(join(folder, 'lock'), '');
          utimesSync(join(folder, 'lock'), new Date(0), new Date(0));
        },
      },
    ],
    ['a claim that is free', { kind: 'claim', prepare: () => {} }],
    [
      "dead processes' claims of an earlier version",
      {
        kind: 'claim',
        prepare(folder) {
          for (const n of [1, 2, 3])
            writeFileSync(join(folder, `.owner-${n}`), JSON.stringify({ ...thisProcess(), started: `${n}` }));
        },
      },
    ],
    ['a lock that is free, without hard links', { kind: 'unlinked', prepare: () => {} }],
    [
      "a dead process's lock, without hard links",
      { kind: 'unlinked', prepare: (folder) => writeFileSync(join(folder, 'lock'), dead) },
    ],
  ])(
    '%s',
    async (_, options) => {
      expect(await race(options)).toEqual(exactlyOne);
    },
    timeout,
  );
});

it(
  'a third of them killed meanwhile, it is held at most once, and can be taken',
  async () => {
    const prepare = (folder: string) => writeFileSync(join(folder, 'lock'), dead);
    const killed = Math.ceil(rounds / 3);
    const outcome = await race({ kind: 'lock', prepare, killWithin: 12, rounds: killed });
    expect(outcome).toMatchObject({ rounds: killed, double: 0, nobody: 0 });
  },
  timeout,
);
