// The weights of a model while it is built, by their names in the checkpoint, and their low-rank updates.

import { ops as g } from '../../graph/ops.js';
import type { Node } from '../../graph/types.js';

/** A weight by its name, with its shape as stored. */
export interface NamedWeight {
  readonly name: string;
  readonly shape: readonly number[];
}

/** A low-rank update (LoRA, Hu et al. 2021) of one layer: output + scale up(down(x)). */
export interface LowRankAdapter {
  readonly down: NamedWeight;
  readonly up: NamedWeight;
  readonly scale: number;
}

/** A change of a layer's weight that is not an addition to its output; weight-change.ts computes it. */
export interface WeightChange {
  /** Pairs of matrices [O, R] and [R, I k k] (or as convolutions): one pair, or two whose products are multiplied. */
  readonly pairs: readonly (readonly [NamedWeight, NamedWeight])[];
  /** Factor of the product of the pairs: alpha / rank. */
  readonly scale: number;
  /** Magnitudes of the weight's rows [O, 1, ..] or columns [1, I, ..], where direction and magnitude are separate. */
  readonly magnitude: NamedWeight | null;
  /** Factor of the whole change; 1 as trained. */
  readonly strength: number;
}

/** The update of a layer by a file. */
export type Adapter = LowRankAdapter | WeightChange;

/** A `WeightChange` in a graph. */
export interface WeightChangeNodes extends Pick<WeightChange, 'scale' | 'strength'> {
  readonly pairs: readonly (readonly [Node, Node])[];
  readonly magnitude: Node | null;
}

/** A place in a model's tree of weights: `scope.at('conv1').weight('bias', [8])` is `...conv1.bias`. */
export interface Scope {
  readonly path: string;
  at(...names: (string | number)[]): Scope;
  /** Returns the same node for the same name, so that gradients with respect to it can be computed. */
  weight(name: string, shape: readonly number[]): Node;
  /** Low-rank updates of this scope's layer. */
  adapters(): readonly { down: Node; up: Node; scale: number }[];
  /** Other changes of this scope's weight. */
  changes(): readonly WeightChangeNodes[];
}

/** The root of a model's weights, with all that were requested. */
export interface RootScope extends Scope {
  /** Every weight that the model uses, by name, low-rank ones included. */
  readonly weights: ReadonlyMap<string, Node>;
}

/** Creates a tree of weights; `adapters` are low-rank updates by the path of their layer. */
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
      (adapters.get(path) ?? []).filter(isLowRank).map(({ down, up, scale }) => ({
        down: named(down.name, down.shape),
        up: named(up.name, up.shape),
        scale,
      })),
    changes: () =>
      (adapters.get(path) ?? []).flatMap((adapter) => {
        if (isLowRank(adapter)) return [];
        const { pairs, scale, magnitude, strength } = adapter;
        const node = ({ name, shape }: NamedWeight): Node => named(name, shape);
        return {
          pairs: pairs.map(([left, right]) => [node(left), node(right)] as const),
          magnitude: magnitude && node(magnitude),
          ...{ scale, strength },
        };
      }),
  });
  return { ...scopeAt(''), weights };
}

function isLowRank(adapter: Adapter): adapter is LowRankAdapter {
  return 'down' in adapter;
}
