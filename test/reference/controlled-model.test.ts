// A model under ControlNets compared with PyTorch's diffusers: predictions with one and with two, and an img2img run in
// whose middle one acts. The same weights in every form of file give the same bits.

import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { img2img } from '../../src/lib/diffusion/img2img.js';
import { readJsonFile } from '../../src/lib/models/config/json-file.js';
import { unetConfig } from '../../src/lib/models/config/unet.js';
import { CONTROL_PREFIX, fromControlNames } from '../../src/lib/models/controls/control-names.js';
import type { ControlRequest } from '../../src/lib/models/controls/controls.js';
import { loadModel } from '../../src/lib/models/model.js';
import { toFloat32 } from '../../src/lib/tensor/half.js';
import { readSafetensors, writeSafetensors } from '../../src/lib/tensor/safetensors.js';
import type { Tensor } from '../../src/lib/tensor/tensor.js';
import { expectedTensors, hasPack, packNote, packPath, relativeError } from './pack.js';

const PROMPT = 'a abstract painting of a cyberpunk city night, tron robotic, trending on artstation';
const WEIGHTS = 'diffusion_pytorch_model.safetensors';

const scratch = mkdtempSync(join(tmpdir(), 'steadyframe-controls-'));
afterAll(() => rmSync(scratch, { recursive: true }));

describe.skipIf(!hasPack).each(['sd1', 'sd2'])(`%s under ControlNets${packNote}`, (variant) => {
  const folder = (i: number): string => packPath('more', variant, `controlnet${i}`);
  const stored = (): Promise<Record<string, Tensor<'float32'>>> =>
    expectedTensors('more', `${variant}/controlnet.safetensors`) as Promise<Record<string, Tensor<'float32'>>>;

  /** The prediction of the pack's sample, with conditions 0, 1, ... for the controls. */
  const predicted = async (controls: readonly ControlRequest[]): Promise<Float32Array> => {
    const { sample, timestep, context, ...rest } = await stored();
    await using model = await loadModel(packPath(variant), { device: 'cpu', controls });
    const conditions = controls.map((_, i) => rest[`condition${i}`]);
    return (await model.predict(sample, timestep, context, { conditions })).data;
  };

  test('predictions under one, under a part of one, and under two', async () => {
    const expected = await stored();
    const cases: [string, ControlRequest[]][] = [
      ['out.1', [{ path: folder(0) }]],
      ['out.0.6', [{ path: folder(0), scale: 0.6 }]],
      [
        'out.both',
        [
          { path: folder(0), scale: 0.8 },
          { path: folder(1), scale: 0.5 },
        ],
      ],
    ];
    for (const [name, controls] of cases) {
      expect(relativeError(await predicted(controls), expected[name].data), name).toBeLessThan(2e-5);
    }
  });

  test('img2img under guidance with a control from 0.2 to 0.8 of the steps', async () => {
    const expected = await stored();
    const { condition0: condition, 'img2img.z0': z0, 'img2img.noise': noise } = expected;
    const controls = [{ path: folder(0), scale: 0.9, start: 0.2, end: 0.8 }];
    await using model = await loadModel(packPath(variant), { device: 'cpu', controls });
    const rows = z0.shape[0];
    const size = condition.data.length / condition.shape[0];
    const picture = { ...condition, shape: [rows, ...condition.shape.slice(1)], data: condition.data.slice(0, size) };
    const options = { prompt: PROMPT, strength: 0.75, steps: 20, guidanceScale: 7.5, sampler: 'ddim' } as const;
    let latent = z0;
    for await (const step of img2img(model, { ...options, latent: z0, noise, conditions: [picture] })) {
      latent = step.latent;
    }
    expect(relativeError(latent.data, expected['img2img.ddim.20.0.75.control0.2-0.8x0.9'].data)).toBeLessThan(1e-4);
  });

  test.runIf(variant === 'sd1')('every form of file: precisions, shards, one file in three namings', async () => {
    const config = unetConfig(readJsonFile(packPath(variant, 'unet/config.json')), variant);
    const halves = await readSafetensors(join(folder(0), WEIGHTS));
    const names = Object.keys(halves);
    const own = join(scratch, variant);
    const forms = { ...folders(own), ...files(own) };
    function folders(root: string): Record<string, string> {
      const at = (name: string): string => {
        mkdirSync(join(root, name), { recursive: true });
        cpSync(join(folder(0), 'config.json'), join(root, name, 'config.json'));
        return join(root, name);
      };
      return { float32: at('float32'), fp16: at('fp16'), shards: at('shards') };
    }
    function files(root: string): Record<string, string> {
      return Object.fromEntries(['prefixed', 'bare', 'named'].map((name) => [name, join(root, `${name}.safetensors`)]));
    }
    const renamed = (rename: (name: string) => string): Record<string, Tensor> =>
      Object.fromEntries(names.map((name) => [rename(name), halves[name]]));
    const floats = Object.fromEntries(names.map((name) => [name, toFloat32(halves[name])]));
    await writeSafetensors(join(forms.float32, WEIGHTS), floats);
    await writeSafetensors(join(forms.fp16, 'diffusion_pytorch_model.fp16.safetensors'), halves);
    const weightMap: Record<string, string> = {};
    for (const part of [1, 2]) {
      const file = `diffusion_pytorch_model-0000${part}-of-00002.safetensors`;
      const shard = names.filter((_, i) => i % 2 === part - 1);
      for (const name of shard) weightMap[name] = file;
      await writeSafetensors(join(forms.shards, file), Object.fromEntries(shard.map((name) => [name, halves[name]])));
    }
    writeFileSync(join(forms.shards, `${WEIGHTS}.index.json`), JSON.stringify({ weight_map: weightMap }));
    const originals = originalNames(names, fromControlNames(config, 4));
    await writeSafetensors(
      forms.prefixed,
      renamed((name) => CONTROL_PREFIX + originals.get(name)!),
    );
    await writeSafetensors(
      forms.bare,
      renamed((name) => originals.get(name)!),
    );
    await writeSafetensors(
      forms.named,
      renamed((name) => name),
    );

    const expected = await predicted([{ path: folder(0) }]);
    for (const [name, path] of Object.entries(forms)) expect(await predicted([{ path }]), name).toEqual(expected);
  });
});

/** Names in the original layout, by diffusers' (Zhang's published files: input_blocks, zero_convs, input_hint_block). */
function originalNames(
  names: readonly string[],
  toDiffusers: (name: string) => string | undefined,
): ReadonlyMap<string, string> {
  const blocks = Array.from({ length: 20 }, (_, i) => [
    `input_blocks.${i}.0`,
    `input_blocks.${i}.1`,
    `input_blocks.${i}.0.op`,
  ]);
  const residual = ['in_layers.0', 'in_layers.2', 'emb_layers.1', 'out_layers.0', 'out_layers.3', 'skip_connection'];
  const layers = [
    ...['time_embed.0', 'time_embed.2', 'middle_block_out.0', 'middle_block.1'],
    ...Array.from({ length: 20 }, (_, i) => [`zero_convs.${i}.0`, `input_hint_block.${i}`]).flat(),
    ...[...blocks.flat(), 'middle_block.0', 'middle_block.2'].flatMap((block) => [
      block,
      ...residual.map((name) => `${block}.${name}`),
    ]),
  ];
  const found = new Map<string, string>();
  for (const layer of layers) {
    for (const name of names) {
      const diffusers = toDiffusers(`${layer}.`);
      if (diffusers !== undefined && name.startsWith(diffusers))
        found.set(name, layer + name.slice(diffusers.length - 1));
    }
  }
  expect([...found.keys()].sort()).toEqual([...names].sort());
  return found;
}
