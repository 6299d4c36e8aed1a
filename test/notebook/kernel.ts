// The requirements for executing notebooks: the compiled library, a workspace, and a Python with nbconvert, or why one is
// missing.

import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import { openWorkspace, type Workspace } from '../../scripts/execute-notebook.js';
import { registerKernel } from '../../scripts/notebooks.js';
import { pythonWith } from '../../scripts/python.js';
import { compile, isBuilt, root } from '../../scripts/setup.js';

/** A place to execute notebooks in. */
export interface NotebookPlace {
  readonly python: string;
  readonly workspace: Workspace;
  close(): void;
}

/** Prepares everything; compiles the sources if `dist` is out of date. */
export async function openNotebooks(): Promise<NotebookPlace | { readonly missing: string }> {
  const found = await pythonWith('nbconvert');
  if ('missing' in found) return found;
  let library = root;
  if (!isBuilt()) {
    mkdirSync(join(root, '.cache'), { recursive: true });
    library = mkdtempSync(join(root, '.cache/library-'));
    await copyFile(join(root, 'package.json'), join(library, 'package.json'));
    symlinkSync(join(root, 'assets'), join(library, 'assets'), 'junction');
    const { ok, output } = compile(join(library, 'dist'));
    if (!ok) throw new Error(output);
  }
  const workspace = openWorkspace(registerKernel, library);
  return {
    python: found.python,
    workspace,
    close() {
      rmSync(workspace.folder, { recursive: true, force: true });
      if (library !== root) rmSync(library, { recursive: true, force: true });
    },
  };
}
