// Weights by their names in the checkpoint while a model is being built, and the low-rank updates that belong to them.

import { ops as g } from '../graph/ops.js';
import type { Node } from '../graph/types.js';

/** A low-rank update (LoRA, Hu et al. 2021) of one layer: output + scale up(down(x)). Shapes as stored. */
export interface Adapter {
  readonly down: { name: string; shape: readonly number[] };
  readonly up: { name: string; shape: readonly number[] };
  readonly scale: number;
}

/** A place in a model's tree of weights: `scope.at('conv1').weight('bias', [8])` is `...conv1.bias`. */
export interface Scope {
  readonly path: string;
  at(...names: (string | number)[]): Scope;
  /** The same name gives the same node, so that gradients with respect to it can be asked for. */
  weight(name: string, shape: readonly number[]): Node;
  /** Low-rank updates of the layer that this scope is. */
  adapters(): readonly { down: Node; up: Node; scale: number }[];
}

/** The root of a model's weights, with everything that was asked of it. */
export interface RootScope extends Scope {
  /** Every weight that the model uses, by name, low-rank ones included. */
  readonly weights: ReadonlyMap<string, Node>;
}

/** Starts a tree of weights; `adapters` holds low-rank updates by the path of their layer. */
export function createScope(adapters: ReadonlyMap<string, readonly Adapter[]> = new Map()): RootScope {
  const weights = new Map<string, Node>();
  const named = (name: string, shape: readonly number[]): Node => {
    const known = weights.get(name);
    if (known) return known;
    const node = g.weight(name, shape);
    weights.set(name, node);
    return node;
  };
  const scopeAt = (path: string): Scope => ({
    path,
    at: (...names) => scopeAt([...(path ? [path] : []), ...names].join('.')),
    weight: (name, shape) => named(path ? `${path}.${name}` : name, shape),
    adapters: () =>
      (adapters.get(path) ?? []).map(({ down, up, scale }) => ({
        down: named(down.name, down.shape),
        up: named(up.name, up.shape),
        scale,
      })),
  });
  return { ...scopeAt(''), weights };
}
