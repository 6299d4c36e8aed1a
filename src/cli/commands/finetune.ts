// The flags and help of `steadyframe finetune`.

import type { Command } from 'commander';
import type { SamplerName } from '../../lib/diffusion/samplers/index.js';
import type { OptionsOf } from '../../lib/settings/setting.js';
import { COURSE, RENDER, type SELECTION, SUBJECT, TRAINING } from '../../lib/settings/table.js';
import { addEditOptions, type GivenEdits } from '../edit-flags.js';
import { addModelOptions, type ModelOptions } from '../model-options.js';
import {
  addOutputOptions,
  addPartOptions,
  addSizeOption,
  addTrackingOptions,
  type OutputValues,
  type TrackingValues,
} from '../render-options.js';
import { addSettings } from '../setting-flags.js';
import { integer } from '../values.js';

const EXAMPLES = `
The defaults are the published recipe. Frames of the video are learned under the empty prompt; each edited frame, paired with
its original, under its own. Writes lora.safetensors (or, with --train all or attention, the diffusers folder model/),
result.json, checkpoints/ at 100, 200, 400 iterations and every 200 more, and previews/, in which to look for the sweet spot.
With --resume, --iterations, --preview-every and --checkpoint-every may differ, nothing else.

Examples:
  steadyframe edit shot.mp4 --model sd15/ --prompt "a cyberpunk city at night" --at 1.5s --out edits/ --auto
  steadyframe finetune shot.mp4 --model sd15/ --edit edits/edit.png --out runs/neon
  steadyframe finetune shot.mp4 --model sd15/ --edit night.png --edit-frame 45 --edit-prompt "a city at night" \\
    --edit night.png --edit-frame 45 --edit-prompt "neon lights" --iterations 400 --out runs/night
  steadyframe finetune shot.mp4 --model sd15/ --edit edits/edit.png --iterations 1400 --out runs/neon --resume
  steadyframe sweep shot.mp4 --model sd15/ --lora runs/neon/lora.safetensors --prompt "a cyberpunk city at night"`;

const { negativePrompt: _, strength, guidanceScale, steps, sampler } = RENDER;
const PREVIEWED = { strength, guidanceScale, steps, sampler };

/** Values of the options. */
export interface FinetuneValues
  extends ModelOptions,
    TrackingValues,
    OutputValues,
    OptionsOf<typeof SELECTION>,
    OptionsOf<typeof TRAINING>,
    OptionsOf<typeof COURSE>,
    GivenEdits {
  priorPrompt?: string[];
  previewFrom?: number;
  previewPrompt?: string;
  previewStrength: number;
  previewGuidanceScale: number;
  previewSteps: number;
  previewSampler: SamplerName;
  out?: string;
  resume?: boolean;
}

/** Adds the command to the program. */
export function addFinetune(program: Command): Command {
  const command = program
    .command('finetune')
    .summary('train a model on a video and an edited frame of it')
    .description('Trains a model on a video, so that mild edits of it come out strong and steady.')
    .argument('<video>', SUBJECT.video.help);
  addPartOptions(addSizeOption(addEditOptions(addModelOptions(command))));
  addSettings(command, TRAINING, {
    defaults: { rank: undefined, layers: undefined, schedule: TRAINING.schedule.default },
  })
    .option('--prior-prompt <text>', 'a prompt of such pictures; may be repeated', (text, all: string[] = []) => [
      ...all,
      text,
    ])
    .option('--preview-from <n>', 'number of the first frame of previews; from the middle by default', integer)
    .option('--preview-prompt <text>', "prompt of previews; the first edit's by default");
  addSettings(addSettings(command, COURSE), PREVIEWED, { prefix: 'preview' })
    .option('-o, --out <dir>', 'folder for the results; a new one under runs/ by default')
    .option('--resume', 'go on from the nearest checkpoint that is not past --iterations');
  return addOutputOptions(addTrackingOptions(command)).addHelpText('after', EXAMPLES);
}
