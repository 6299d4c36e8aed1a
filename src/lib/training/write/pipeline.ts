// Writes a checkpoint with a trained UNet as files for diffusers: the UNet alone, or the whole pipeline.

import { copyFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { writeFileAtomic } from '../../base/atomic-file.js';
import { makeFolder } from '../../base/atomic-folder.js';
import type { Checkpoint } from '../../models/checkpoint/checkpoint.js';
import { PART_FOLDER, PART_WEIGHTS } from '../../models/checkpoint/diffusers-folder.js';
import type { Part, WeightTable } from '../../models/checkpoint/weight-table.js';
import { writeConfigurations, writeTokenizer } from '../../models/checkpoint/write-checkpoint.js';
import { clipVocabulary } from '../../models/text/tokenizer.js';
import { toFloat32 } from '../../tensor/half.js';
import { readTensor, type TensorSource, writeSafetensors } from '../../tensor/safetensors.js';
import type { Tensor } from '../../tensor/tensor.js';
import type { Weights } from '../loop/adamw.js';

/**
 * Writes the UNet with the trained weights into `folder`, which is created. All weights are float32, because float16 would
 * round away changes of 1e-5.
 */
export async function writeTrainedUNet(folder: string, { unet }: Checkpoint, trained: Weights): Promise<void> {
  await makeFolder(folder);
  const tensors: Record<string, Tensor | TensorSource> = {};
  for (const [name, entry] of unet.weights) {
    const load = async (): Promise<Tensor> => toFloat32(await readTensor(entry));
    tensors[name] = trained.get(name) ?? { dtype: 'float32', shape: entry.shape, load };
  }
  await writeSafetensors(join(folder, PART_WEIGHTS.unet), tensors, { format: 'pt' });
  await writeFileAtomic(join(folder, 'config.json'), `${JSON.stringify(unet.config.raw, null, 2)}\n`);
}

/**
 * Writes a whole diffusers folder into the existing `folder`: the trained UNet, and everything else as in the checkpoint,
 * with one tensor in memory at a time. A safety checker is not copied.
 */
export async function writePipeline(folder: string, checkpoint: Checkpoint, trained: Weights): Promise<void> {
  const { unet, vae, textEncoder, schedule, tokenizer, files } = checkpoint;
  await writeConfigurations(folder, {
    unet: unet.config.raw,
    vae: vae.config.raw,
    text: textEncoder.config.raw,
    scheduler: schedule.raw,
  });
  await writeTrainedUNet(join(folder, PART_FOLDER.unet), checkpoint, trained);
  await copyWeights(join(folder, PART_FOLDER.vae, PART_WEIGHTS.vae), vae.weights);
  // Weights of published text encoders have a prefix, which the tables omit.
  await copyWeights(join(folder, PART_FOLDER.text, PART_WEIGHTS.text), textEncoder.weights, 'text_model.');
  // Configurations are copied as text: parsing and writing JSON would change numbers such as 1.0.
  for (const part of Object.keys(PART_FOLDER) as Part[]) {
    const source = files.find(
      (file) => basename(file) === 'config.json' && basename(dirname(file)) === PART_FOLDER[part],
    );
    if (source) await copyFile(source, join(folder, PART_FOLDER[part], 'config.json'));
  }
  const own = files.filter((file) => /[\\/]tokenizer[\\/][^\\/]+$/.test(file));
  const target = join(folder, 'tokenizer');
  // Stock single files contain no tokenizer; they use CLIP's.
  if (own.length === 0) return writeTokenizer(target, clipVocabulary(), tokenizer.modelMaxLength);
  await makeFolder(target);
  for (const file of own) await copyFile(file, join(target, basename(file)));
}

async function copyWeights(path: string, table: WeightTable, prefix = ''): Promise<void> {
  const sources: Record<string, TensorSource> = {};
  for (const [name, entry] of table) {
    sources[`${prefix}${name}`] = { dtype: entry.dtype, shape: entry.shape, load: () => readTensor(entry) };
  }
  await writeSafetensors(path, sources, { format: 'pt' });
}
