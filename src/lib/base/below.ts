// Whether paths are below a folder, also by the links that they lead through.

import { realpathSync } from 'node:fs';
import { sep } from 'node:path';

/** Whether a path is below a folder; both are real paths, without links. */
export function isBelow(folder: string, path: string): boolean {
  return path.startsWith(folder.endsWith(sep) ? folder : folder + sep);
}

/** Whether the real path is below the folder's real path; false if either does not exist. */
export function isReallyBelow(folder: string, path: string): boolean {
  try {
    return isBelow(realpathSync(folder), realpathSync(path));
  } catch {
    return false;
  }
}
