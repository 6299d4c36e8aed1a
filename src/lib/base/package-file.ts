// The files of the package that are no code: models, assets, package.json.

import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder of package.json above this module, wherever the sources or the build have put it. */
const FOLDER: string = folderAbove(dirname(fileURLToPath(import.meta.url)));

/** The path of a file or folder of the package, such as `models/demo`. */
export function packageFile(path: string): string {
  return join(FOLDER, path);
}

function folderAbove(folder: string): string {
  return existsSync(join(folder, 'package.json')) ? folder : folderAbove(dirname(folder));
}
