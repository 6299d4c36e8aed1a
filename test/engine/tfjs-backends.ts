// The backends of TensorFlow.js that tests run on: those of the development packages, and native TensorFlow where it was
// built.

import { tfjsNode, tfjsNodeMissing } from '../../scripts/tfjs-node.js';
import { skipNote } from '../skipped.js';

/** A backend: the package that brings it, or its folder, and the title of its suite. */
export interface TestedBackend {
  readonly name: string;
  readonly title: string;
  readonly skipped: boolean;
}

const tested = (name: string, reason?: string): TestedBackend => ({
  name,
  title: `${name.slice(name.lastIndexOf('/') + 1)}${skipNote(reason === undefined, reason ?? '')}`,
  skipped: reason !== undefined,
});

export const BACKENDS: readonly TestedBackend[] = [
  tested('@tensorflow/tfjs-backend-wasm'),
  tested('@tensorflow/tfjs-backend-cpu'),
  tested(tfjsNode, tfjsNodeMissing()),
];
