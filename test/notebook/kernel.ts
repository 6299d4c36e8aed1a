// The requirements for executing notebooks: the compiled library, a workspace, and, for Jupyter, a Python with nbconvert, or
// why it is missing.

import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import { openWorkspace, type Workspace } from '../../scripts/execute-notebook.js';
import { registerKernel } from '../../scripts/notebooks.js';
import { pythonWith } from '../../scripts/python.js';
import { compile, isBuilt, root } from '../../scripts/setup.js';

/** A place to execute notebooks in. */
export interface NotebookPlace {
  readonly workspace: Workspace;
  close(): void;
}

/** A place where Jupyter executes them. */
export interface JupyterPlace extends NotebookPlace {
  readonly python: string;
}

/** Prepares a workspace, and finds nbconvert. */
export async function openJupyter(): Promise<JupyterPlace | { readonly missing: string }> {
  const found = await pythonWith('nbconvert');
  return 'missing' in found ? found : { ...(await openNotebooks()), python: found.python };
}

/** Prepares a workspace; compiles the sources if `dist` is out of date. */
export async function openNotebooks(): Promise<NotebookPlace> {
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
    workspace,
    close() {
      rmSync(workspace.folder, { recursive: true, force: true });
      if (library !== root) rmSync(library, { recursive: true, force: true });
    },
  };
}
