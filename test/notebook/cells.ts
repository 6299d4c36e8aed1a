// The kernel's own handler of cells, in this process: what a cell does and shows without Jupyter in between. The compiler
// reads its libraries once for all notebooks, which takes longer than most cells.

import { createRequire } from 'node:module';
import { type Cell, type Output, textOf } from '../../scripts/execute-notebook.js';

/** Executes cells one after another, as a kernel does. */
export interface CellRunner {
  /** The outputs of each code cell, in order. @throws Error with what the first cell that fails has printed */
  run(cells: readonly Cell[]): Promise<Output[][]>;
  /** Forgets what cells have declared, as a restarted kernel does. */
  reset(): void;
  close(): void;
}

/** A piece of output as the handler gives it. */
interface Shown {
  readonly data: Record<string, unknown>;
  readonly transient: { readonly display_id?: string };
}

interface Handler {
  handleExecute(
    request: { code: string },
    writeStream: (name: string, text: string) => void,
    writeDisplayData: (shown: Shown, update: boolean) => void,
  ): Promise<{ status: string }>;
}

/** Starts tslab in a folder, which becomes the process's own. */
export function openCells(folder: string): CellRunner {
  process.chdir(folder);
  const load = createRequire(import.meta.url);
  const node = load('tslab/dist/converter.js').createConverter({});
  const errors: string[] = [];
  const report = { log() {}, error: (...values: unknown[]) => errors.push(values.map(String).join(' ')) };
  const executor = load('tslab/dist/executor.js').createExecutor(folder, { node, close: () => node.close() }, report);
  const handler: Handler = new (load('tslab/dist/jupyter.js').JupyterHandlerImpl)(executor, false);
  const streams = [process.stdout.write, process.stderr.write] as const;
  return {
    async run(cells) {
      const outputs: Output[][] = [];
      const byId = new Map<string, Output>();
      for (const { cell_type, source } of cells) {
        const shown: Output[] = [];
        if (cell_type === 'code') {
          const { status } = await handler.handleExecute(
            { code: textOf(source) },
            () => {},
            ({ data, transient: { display_id: id = '' } }, update) => {
              if (update) return Object.assign(byId.get(id) ?? {}, { data });
              shown.push({ output_type: 'display_data', data });
              byId.set(id, shown[shown.length - 1]);
            },
          );
          if (status !== 'ok') throw new Error(`a cell failed: ${errors.join('\n')}\n${textOf(source)}`);
        }
        outputs.push(shown);
      }
      return outputs;
    },
    reset: () => executor.reset(),
    close() {
      [process.stdout.write, process.stderr.write] = streams;
      executor.close();
    },
  };
}
