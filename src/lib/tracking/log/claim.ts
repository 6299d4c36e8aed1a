// A claim on a run's folder: at most one living process holds it. Claims of different kinds are independent. The exclusion
// itself is in lock-file.ts.

import { readdirSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import {
  type HeldLock,
  isHeld,
  keepLock,
  type LockHolder,
  lockHolder,
  lockText,
  takeLock,
} from '../../base/lock-file.js';

/** A claim that this process holds. */
export type Claim = HeldLock;

/** Who holds a folder. */
export type Holder = LockHolder;

/** Name and content of a claim of a kind, for a folder that is being created. */
export function firstClaim(kind: string): { name: string; text: string } {
  return { name: claimName(kind), text: lockText() };
}

/** Keeps a claim alive that was written from `firstClaim`. */
export function keepClaim(folder: string, { name, text }: { name: string; text: string }): Claim {
  return keepLock(join(folder, name), text);
}

/**
 * Takes the claim of a folder unless a living process holds it.
 *
 * @param kind the purpose of the claim
 */
export async function takeClaim(folder: string, kind: string): Promise<Claim | Holder> {
  const earlier = earlierClaims(folder, kind);
  const last = earlier.length > 0 ? lockHolder(earlier[0]) : undefined;
  if (last?.alive) return last;
  const taken = await takeLock(join(folder, claimName(kind)));
  if (isHeld(taken)) for (const path of earlier) await rm(path, { force: true });
  return taken;
}

/** Whether `takeClaim` succeeded. */
export function isClaim(taken: Claim | Holder): taken is Claim {
  return isHeld(taken);
}

/** Who holds a folder, or held it last; undefined when it is free. */
export function holderOf(folder: string, kind: string): Holder | undefined {
  const holder = lockHolder(join(folder, claimName(kind)));
  if (holder?.alive) return holder;
  const [path] = earlierClaims(folder, kind);
  return (path && lockHolder(path)) || holder;
}

function claimName(kind: string): string {
  return `.${kind}-1`;
}

/** Numbered claims of earlier versions, which wrote the next number after a dead process's claim; the latest first. */
function earlierClaims(folder: string, kind: string): string[] {
  const numbers = readdirSync(folder)
    .filter((name) => name.startsWith(`.${kind}-`))
    .map((name) => Number(name.slice(kind.length + 2)))
    .filter((number) => number > 1);
  return numbers.sort((a, b) => b - a).map((number) => join(folder, `.${kind}-${number}`));
}
