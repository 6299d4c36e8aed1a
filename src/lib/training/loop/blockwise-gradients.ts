// The gradients of a loss, computed segment by segment in the memory of one segment: training deep networks with sublinear
// memory cost (Chen et al. 2016). The same numbers as gradient-program.ts in about a third more time.

import { type CompileOptions, compile } from '../../engine/compile.js';
import type { Program } from '../../engine/program.js';
import { pullback } from '../../graph/gradient.js';
import { ops as g } from '../../graph/ops.js';
import { refuse, show } from '../../graph/shapes.js';
import { topologicalOrder } from '../../graph/traverse.js';
import type { Node } from '../../graph/types.js';
import type { RootScope } from '../../models/networks/scope.js';
import { sizeOf, type Tensor } from '../../tensor/tensor.js';
import { type Segment, segmentsOf } from './blockwise-segments.js';
import { carve, type GradientProgram, type GradientWeights, gradientOf } from './gradient-program.js';

/** Options of splitting a graph and of compiling its segments. */
export interface BlockwiseOptions extends CompileOptions {
  /** Approximate number of segments; more need less memory. 16 by default. */
  segments?: number;
}

/** A segment with its gradients, as functions of its inputs and of the gradients of its outputs. */
interface DifferentiatedSegment extends Segment {
  /** The loss, if it is in this segment, and gradients by `gradientOf` of their value's name. */
  readonly gradients: Readonly<Record<string, Node>>;
  /** The trained weights with gradients in this segment, and those of them without gradients in earlier segments. */
  readonly weights: readonly Node<'weight'>[];
  readonly first: ReadonlySet<string>;
}

/**
 * Compiles `loss` (a scalar built in `scope`) with its gradients, so that only the values between segments are kept. Each
 * segment is computed again for its gradients. If `consume` updates the weights as their gradients appear, only the
 * gradients of one segment exist at a time.
 *
 * @throws UsageError when the loss does not depend on one of `trained`
 */
export async function compileBlockwiseGradients(
  loss: Node,
  scope: RootScope,
  { trained, frozen = new Map() }: GradientWeights,
  { segments: count = 16, ...options }: BlockwiseOptions = {},
): Promise<GradientProgram> {
  const parts = differentiate(segmentsOf(loss, count), new Set(trained));
  for (const name of trained) {
    if (!parts.some(({ first }) => first.has(name))) {
      refuse('gradient', `the loss does not depend on '${name}' ${show(scope.weights.get(name)!.shape)}`);
    }
  }
  const engine = { lean: true, ...options, trained: new Set(trained) };
  const compiled: (DifferentiatedSegment & { forward: Program | null; backward: Program | null })[] = [];
  for (const part of parts) {
    const values = Object.fromEntries(part.makes.map(({ crossing, value }) => [crossing.name, value]));
    const program = (outputs: Readonly<Record<string, Node>>): Promise<Program> | null =>
      Object.keys(outputs).length > 0 ? compile(outputs, frozen, engine) : null;
    compiled.push({ ...part, forward: await program(values), backward: await program(part.gradients) });
  }
  const sizes = compiled.map(({ weights }) => weights.reduce((sum, { shape }) => sum + sizeOf(shape), 0));
  return {
    async run(inputs, weights, consume) {
      const values: Record<string, Tensor> = { ...inputs, ...Object.fromEntries(weights) };
      for (const { forward } of compiled) if (forward) Object.assign(values, await forward.run(values));

      const gradients = new Map<string, Tensor<'float32'>>();
      // If gradients are not kept, all segments write theirs into one array.
      const scratch = consume && new Float32Array(Math.max(...sizes));
      let lossFound = Number.NaN;
      for (const { uses, makes, loss: end, backward, weights: own, first } of compiled.toReversed()) {
        for (const { crossing } of makes) delete values[crossing.name];
        if (!backward) continue;
        const result = await backward.run(values, scratch && carve(scratch, own));
        for (const { crossing } of makes) delete values[gradientOf(crossing.name)];
        for (const { name } of uses) {
          const key = gradientOf(name);
          if (result[key]) values[key] = added(values[key] as Tensor<'float32'> | undefined, result[key]);
        }
        if (end) lossFound = result.loss.data[0];
        const complete = new Map<string, Tensor<'float32'>>();
        for (const { attributes } of own) {
          const { name } = attributes;
          const sum = added(gradients.get(name), result[gradientOf(name)]);
          if (!scratch) gradients.set(name, sum);
          else if (!first.has(name)) gradients.set(name, { ...sum, data: sum.data.slice() });
          else {
            complete.set(name, sum);
            gradients.delete(name);
          }
        }
        consume?.(complete, lossFound);
      }
      // In the order of `trained`, on which the last bits of sums over all weights depend.
      const kept = trained.filter((name) => gradients.has(name));
      return { loss: lossFound, gradients: new Map(kept.map((name) => [name, gradients.get(name)!])) };
    },
    async dispose() {
      for (const { forward, backward } of compiled) {
        await forward?.dispose();
        await backward?.dispose();
      }
    },
  };
}

function differentiate(segments: readonly Segment[], trained: ReadonlySet<string>): DifferentiatedSegment[] {
  /** The nodes that need gradients: trained weights, and values between segments that depend on them. */
  const wanted = new Set<Node>();
  const seen = new Set<string>();
  return segments.map((segment) => {
    const { makes, loss } = segment;
    for (const node of topologicalOrder([...makes.map(({ value }) => value), ...(loss ? [loss] : [])])) {
      if (isWeight(node) && trained.has(node.attributes.name)) wanted.add(node);
    }
    const seeds = new Map<Node, Node>(loss ? [[loss, g.scalar(1)]] : []);
    for (const { crossing, value } of makes) {
      if (!topologicalOrder([value]).some((node) => wanted.has(node))) continue;
      wanted.add(crossing.input);
      seeds.set(value, g.input(gradientOf(crossing.name), value.shape));
    }
    const wrt = topologicalOrder([...seeds.keys()]).filter((node) => wanted.has(node)) as Node<'input' | 'weight'>[];
    const gradients: Record<string, Node> = loss ? { loss } : {};
    pullback(seeds, wrt).forEach((result, i) => {
      if (result) gradients[gradientOf(wrt[i].attributes.name)] = result;
    });
    const weights = wrt.filter(isWeight).filter(({ attributes }) => gradientOf(attributes.name) in gradients);
    const names = weights.map(({ attributes }) => attributes.name).filter((name) => !seen.has(name));
    for (const name of names) seen.add(name);
    return { ...segment, gradients, weights, first: new Set(names) };
  });
}

function isWeight(node: Node): node is Node & Node<'weight'> {
  return node.op === 'weight';
}

/** sum + more, in place of sum. */
function added(sum: Tensor<'float32'> | undefined, more: Tensor<'float32'>): Tensor<'float32'> {
  if (!sum) return more;
  for (let i = 0; i < sum.data.length; i++) sum.data[i] += more.data[i];
  return sum;
}
