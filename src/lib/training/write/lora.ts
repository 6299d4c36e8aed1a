// Writes trained low-rank updates as a LoRA file for diffusers and this package.

import type { LowRankAdapter } from '../../models/networks/scope.js';
import { writeSafetensors } from '../../tensor/safetensors.js';
import type { Tensor } from '../../tensor/tensor.js';
import type { Weights } from '../loop/adamw.js';

/**
 * Writes the UNet's updates with the names of PEFT (`unet.PATH.lora_A.weight`, `lora_B`), float32. The file has no alpha,
 * so readers use the rank: the scale is multiplied into the second matrix.
 */
export async function writeLora(
  path: string,
  adapters: ReadonlyMap<string, readonly LowRankAdapter[]>,
  weights: Weights,
): Promise<void> {
  const tensors: Record<string, Tensor> = {};
  for (const [layer, [{ down, up, scale }]] of adapters) {
    const second = weights.get(up.name)!;
    tensors[`unet.${layer}.lora_A.weight`] = weights.get(down.name)!;
    tensors[`unet.${layer}.lora_B.weight`] = { ...second, data: second.data.map((value) => scale * value) };
  }
  await writeSafetensors(path, tensors, { format: 'pt' });
}
