// The tslab kernel that this process is, if it is one. tslab's own `display` sends one format at a time, so a bundle goes through
// the function beneath it.

import type { MimeBundle } from './mime-bundle.js';

/** A place in a cell's output that can be drawn anew. */
export interface OutputSlot {
  /** Puts the bundle there, in place of what was there. */
  draw(bundle: MimeBundle): void;
}

/** A running kernel. */
export interface NotebookKernel {
  /** A new output of the cell that runs now, drawn when `draw` is first called. */
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
          // Asked for anew each time: it belongs to the cell that runs now.
          module.lastWriteDisplayData?.({ data: bundle, metadata: {}, transient: { display_id: id } }, drawn);
          drawn = true;
        },
      };
    },
  };
}

/** The module that writes to Jupyter, of the very tslab that runs: there may be several installed. */
function kernelModule(): KernelModule | undefined {
  const tslab = (globalThis as { __tslab__?: { require?: KernelRequire } }).__tslab__;
  const loaded = tslab?.require?.cache;
  if (!loaded) return undefined;
  const path = Object.keys(loaded).find((name) => /[\\/]tslab[\\/]dist[\\/]jupyter\.js$/.test(name));
  return path === undefined ? undefined : (loaded[path]?.exports as KernelModule);
}
