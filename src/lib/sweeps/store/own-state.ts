// Who offers the work of a store: the process that opened it last. One before it, which may have been away, finds that out and
// gives up, rather than take the work away from its successor.

import { randomBytes } from 'node:crypto';
import { UsageError } from '../../base/errors.js';
import { VERSION } from '../../base/version.js';
import { readState, SHARED, type Store, type StoreState } from './store.js';

/** The state of a store, as far as this process has it. */
export interface OwnState {
  /** Writes it, from now on as this process's own; returns the sweep's id. */
  write(state: StoreState['state']): Promise<string>;
  /** The reason to give up if another process has the store. */
  taken(): Promise<UsageError | undefined>;
  /** @throws UsageError if another process has the store */
  assertOurs(): Promise<void>;
}

/**
 * The state of a sweep's store.
 *
 * @param by the name of this process
 */
export function ownState(store: Store, name: string, by: string): OwnState {
  const taken = async (): Promise<UsageError | undefined> => {
    const state = await readState(store);
    if (!state || state.by === by) return undefined;
    const other = `taken over by the sweep '${state.name}', which another process started`;
    return new UsageError(`${store.name}: was ${other}; give each sweep a store of its own, and run each once`);
  };
  return {
    taken,
    async write(state) {
      const { id = randomBytes(8).toString('hex') } = (await readState(store)) ?? {};
      const written: StoreState = { name, id, version: VERSION, by, state };
      await store.write(SHARED.state, JSON.stringify(written));
      return id;
    },
    async assertOurs() {
      const error = await taken();
      if (error) throw error;
    },
  };
}
