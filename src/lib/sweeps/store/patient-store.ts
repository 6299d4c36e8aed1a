// A store that may be away for a while: every call is tried again until it succeeds, so that nobody who renders has to stop.

import { stat } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { writeError } from '../../base/atomic-file.js';
import { isContent, type Store } from './store.js';

/** Milliseconds before the first and between later attempts. */
const PAUSES = { first: 100, longest: 2000 };

/** Options of waiting for a store. */
export interface PatientOptions {
  /** Ends the attempts; its reason is thrown. */
  readonly signal?: AbortSignal | undefined;
  /** Called once for each time that the store is away. */
  readonly onWarning?: ((message: string) => void) | undefined;
}

/** The file of this machine that a call reads or writes: what is wrong with it does not come right by waiting. */
interface Local {
  readonly own?: string;
  readonly target?: string;
}

/** The same store, whose calls wait until it can be reached. */
export function patientStore(store: Store, { signal, onWarning }: PatientOptions): Store {
  const patiently = async <T>(call: (attempt: number) => Promise<T>, { own, target }: Local = {}): Promise<T> => {
    for (let attempt = 1, pause = PAUSES.first; ; attempt++, pause = Math.min(2 * pause, PAUSES.longest)) {
      signal?.throwIfAborted();
      try {
        return await call(attempt);
      } catch (error) {
        const { code, path } = error as NodeJS.ErrnoException;
        if (own !== undefined && code === 'ENOENT' && path === own) throw error;
        // Only what is written here can be full.
        if (target !== undefined && (code === 'ENOSPC' || code === 'EDQUOT')) throw writeError(target, error);
        const reason = error instanceof Error ? error.message : String(error);
        if (attempt === 4) onWarning?.(`${store.name} cannot be used now (${reason}); it is tried again until it can`);
        await sleep(pause, undefined, { signal }).catch(() => {});
      }
    }
  };
  return {
    ...store,
    found: () => patiently(() => store.found()),
    names: (prefix) => patiently(() => store.names(prefix)),
    versions: (prefix) => patiently(() => store.versions(prefix)),
    read: (key) => patiently(() => store.read(key)),
    write: (key, data) => patiently(() => store.write(key, data)),
    create: (key, data) =>
      patiently(async (attempt) => {
        if (await store.create(key, data)) return true;
        // An attempt may have succeeded although its answer was lost.
        return attempt > 1 && isContent(await store.read(key), data);
      }),
    remove: (key) => patiently(() => store.remove(key)),
    upload: (key, path) =>
      patiently(
        async () => {
          await stat(path); // a file that is missing here does not come back
          await store.upload(key, path);
        },
        { own: path },
      ),
    download: (key, path) => patiently(() => store.download(key, path), { target: path }),
  };
}
