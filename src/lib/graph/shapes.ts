// Shape arithmetic that several primitives share.

import { UsageError } from '../base/errors.js';
import type { Node, Ops, ValueType } from './types.js';

/** Throws an error about an invalid graph, naming the primitive. */
export function refuse(op: string, message: string): never {
  throw new UsageError(`${op}: ${message}`);
}

/** A shape as text: [2, 3]. */
export function show(shape: readonly number[]): string {
  return `[${shape.join(', ')}]`;
}

export function sameShape(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((side, i) => side === b[i]);
}

/** NumPy broadcasting of two shapes. */
export function broadcastShape(op: string, a: readonly number[], b: readonly number[]): number[] {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, i) => {
    const left = a[i - rank + a.length] ?? 1;
    const right = b[i - rank + b.length] ?? 1;
    if (left !== right && left !== 1 && right !== 1) refuse(op, `shapes ${show(a)} and ${show(b)} do not broadcast`);
    return Math.max(left, right);
  });
}

/** Sums a gradient over the axes along which its value was broadcast. */
export function unbroadcast(g: Ops, dy: Node, shape: readonly number[]): Node {
  if (sameShape(dy.shape, shape)) return dy;
  const lead = dy.shape.length - shape.length;
  const axes = dy.shape.map((_, i) => i).filter((i) => i < lead || (shape[i - lead] === 1 && dy.shape[i] !== 1));
  const summed = axes.length > 0 ? g.sum(dy, axes, true) : dy;
  return g.reshape(summed, shape);
}

/** The type of a primitive that keeps the shape. */
export function floatLike(op: string, x: Node): ValueType {
  if (x.dtype !== 'float32') refuse(op, `works on float32, not ${x.dtype}`);
  return { shape: x.shape, dtype: 'float32' };
}
