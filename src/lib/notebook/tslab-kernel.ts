// The tslab kernel of this process, if it is one. tslab's own `display` sends only one format at a time, so bundles are sent
// with the function that it calls.

import type { MimeBundle } from './mime-bundle.js';

/** An updatable part of a cell's output. */
export interface OutputSlot {
  /** Replaces the content with a bundle. */
  draw(bundle: MimeBundle): void;
}

/** A running kernel. */
export interface NotebookKernel {
  /** A new output of the running cell, which appears at the first call of `draw`. */
  openSlot(): OutputSlot;
}

interface DisplayData {
  readonly data: MimeBundle;
  readonly metadata: object;
  readonly transient: { readonly display_id: string };
}

interface KernelModule {
  readonly lastWriteDisplayData?: ((content: DisplayData, update?: boolean) => void) | null;
}

interface KernelRequire {
  readonly cache: Readonly<Record<string, { readonly exports: unknown } | undefined>>;
}

let slots = 0;

/** The kernel, or undefined in a script. */
export function notebookKernel(): NotebookKernel | undefined {
  const module = kernelModule();
  if (!module?.lastWriteDisplayData) return undefined;
  return {
    openSlot() {
      const id = `steadyframe-${process.pid}-${Date.now().toString(36)}-${slots++}`;
      let drawn = false;
      return {
        draw(bundle) {
          // Looked up at each call, because it belongs to the running cell.
          module.lastWriteDisplayData?.({ data: bundle, metadata: {}, transient: { display_id: id } }, drawn);
          drawn = true;
        },
      };
    },
  };
}

/** The module of the running tslab that writes to Jupyter: several may be installed. */
function kernelModule(): KernelModule | undefined {
  const tslab = (globalThis as { __tslab__?: { require?: KernelRequire } }).__tslab__;
  const loaded = tslab?.require?.cache;
  if (!loaded) return undefined;
  const path = Object.keys(loaded).find((name) => /[\\/]tslab[\\/]dist[\\/]jupyter\.js$/.test(name));
  return path === undefined ? undefined : (loaded[path]?.exports as KernelModule);
}
