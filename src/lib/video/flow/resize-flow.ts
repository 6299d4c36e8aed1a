// A flow at another size.

import type { Flow } from './flow.js';

/** The flow of the same motion between pictures of another size: bilinear between the pixels' centres, and scaled. */
export function resizeFlow(flow: Flow, width: number, height: number): Flow {
  if (flow.width === width && flow.height === height) return flow;
  const [across, down] = [flow.width / width, flow.height / height];
  const data = new Float32Array(2 * width * height);
  for (let y = 0, i = 0; y < height; y++) {
    const v = Math.min(flow.height - 1, Math.max(0, (y + 0.5) * down - 0.5));
    const top = Math.floor(v);
    const below = Math.min(flow.height - 1, top + 1);
    for (let x = 0; x < width; x++, i += 2) {
      const u = Math.min(flow.width - 1, Math.max(0, (x + 0.5) * across - 0.5));
      const left = Math.floor(u);
      const right = Math.min(flow.width - 1, left + 1);
      const [a, b] = [2 * (top * flow.width + left), 2 * (top * flow.width + right)];
      const [c, d] = [2 * (below * flow.width + left), 2 * (below * flow.width + right)];
      for (let k = 0; k < 2; k++) {
        const upper = flow.data[a + k] + (u - left) * (flow.data[b + k] - flow.data[a + k]);
        const lower = flow.data[c + k] + (u - left) * (flow.data[d + k] - flow.data[c + k]);
        data[i + k] = (upper + (v - top) * (lower - upper)) / (k === 0 ? across : down);
      }
    }
  }
  return { width, height, data };
}
