// What is read from a file, remembered until the file changes.

import { statSync } from 'node:fs';

/** Asks about a file again only once its size or time has changed; remembers the last `most` files. */
export function perFile<T>(ask: (path: string) => Promise<T>, most: number = 2000): (path: string) => Promise<T> {
  const known = new Map<string, { stamp: string | undefined; answer: Promise<T> }>();
  return (path) => {
    const about = statSync(path, { throwIfNoEntry: false });
    const stamp = about && `${about.size} ${about.mtimeMs}`;
    const before = known.get(path);
    const entry = before?.stamp === stamp && before !== undefined ? before : { stamp, answer: ask(path) };
    known.delete(path);
    known.set(path, entry); // at the end, as the most recent
    if (known.size > most) known.delete(known.keys().next().value!);
    return entry.answer;
  };
}
