// Sums the placements of several programs.

import type { Placement } from './program.js';

/** The placement of all programs together, the most frequent operators first. */
export function totalPlacement(placements: readonly Placement[]): Placement {
  const operators = new Map<string, number>();
  for (const { onCpu } of placements) {
    for (const [name, count] of Object.entries(onCpu)) operators.set(name, (operators.get(name) ?? 0) + count);
  }
  return {
    weightBytes: placements.reduce((sum, { weightBytes }) => sum + weightBytes, 0),
    nodes: placements.reduce((sum, { nodes }) => sum + nodes, 0),
    onCpu: Object.fromEntries([...operators].sort((a, b) => b[1] - a[1])),
  };
}
