// `steadyframe demo`: restyles a bundled shot with the bundled model; needs nothing but this package.

import { existsSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { checkNewFolder, makeFolder } from '../../lib/base/atomic-folder.js';
import { given } from '../../lib/base/given.js';
import { DEMO_MODEL, demoModelFolder } from '../../lib/models/hub/find-model.js';
import { DEMO_GUIDANCE } from '../../lib/recipe/presets.js';
import type { ComparisonResult } from '../../lib/renderings/comparison-options.js';
import { strengthSweep } from '../../lib/renderings/strength-sweep.js';
import { openVideo } from '../../lib/video/read/open-video.js';
import { writeVideo } from '../../lib/video/write/write-video.js';
import { heldOutShot, shotFrames } from '../../lib/world/held-out-shots.js';
import { type DemoValues, FOLDER } from '../commands/demo.js';
import { type Context, quote } from '../context.js';
import { trackingSettings } from '../render-options.js';
import { formatNumber, formatTable } from '../table.js';
import { withModel } from './with-model.js';

const SHOT = 'red-car-curve';
const PROMPT = 'a cyberpunk neon painting of a city street at night';
const STRENGTHS = [0.45, 0.75];
/** Fewer than the default, so that the demo takes about a minute. */
const STEPS = 30;
/** Width and height of the shot: the demo model's training size. */
const SIZE = 128;
/** The well-known model that the last of the next steps downloads. */
const REAL_MODEL = 'stable-diffusion-v1-5/stable-diffusion-v1-5';

export async function run(context: Context, values: DemoValues): Promise<void> {
  const { terminal, warn } = context;
  if (values.quiet) context.quieten();
  const out = values.out ?? freeName(FOLDER);
  await checkNewFolder(out);
  const { device, engine, frames } = values;
  const hooks = { signal: terminal.signal, onWarning: warn };
  await withModel({ model: demoModelFolder(), ...given({ device, engine }) }, context, async (model) => {
    await makeFolder(out);
    const shot = heldOutShot(SHOT);
    const video = join(out, 'shot.mp4');
    context.reporter.note(`steadyframe: rendering the shot '${SHOT}' and restyling it; this takes about a minute`);
    await writeVideo(video, shotFrames(shot, 'photo', { frames }), { frameRate: shot.frameRate, ...hooks });
    const result = await strengthSweep(model, video, {
      ...{
        prompt: PROMPT,
        strengths: STRENGTHS,
        guidanceScale: DEMO_GUIDANCE.plain,
        steps: STEPS,
        size: SIZE,
        batch: 4,
        columns: 3,
      },
      ...trackingSettings(values, context),
      ...hooks,
      out: join(out, 'sweep'),
      onProgress: context.reporter.report,
    });
    const animation = join(out, 'demo.webp');
    const grid = await openVideo(result.grid, { exact: true, ...hooks });
    await writeVideo(animation, grid.frames(), { frameRate: result.frameRate, ...hooks });
    context.reporter.close();
    const made = { ...result, out: resolve(out), shot: resolve(video), animation: resolve(animation) };
    terminal.out(values.json ? `${JSON.stringify(made, null, 1)}\n` : summary(result, out, values.track, context));
  });
}

/** The first name that does not exist yet of name, name-2, name-3, ... */
function freeName(name: string): string {
  let free = name;
  for (let i = 2; existsSync(free); i++) free = `${name}-${i}`;
  return free;
}

function summary(result: ComparisonResult, out: string, isTracked: boolean, { terminal }: Context): string {
  const row = (name: string, edit: number | null | undefined, metrics: ComparisonResult['source']): string[] => [
    name,
    formatNumber(edit),
    formatNumber(metrics.flicker_ratio),
    formatNumber(metrics.warping_error),
  ];
  const table = formatTable(
    ['', 'edit strength', 'flicker', 'warping error'],
    [
      row('original', 0, result.source),
      ...result.cells.map(({ label, metrics }) => row(label, metrics.edit_strength, metrics)),
    ],
  );
  return [
    `${table}\nMore strength edits more, and frames agree less; finetuning the model on the shot is what this package adds.\n\n`,
    `look at:  ${join(out, 'demo.webp')}  (in any browser)\n          ${relative('', result.grid)}\n\nNext:\n`,
    ...nextSteps(out, isTracked, terminal.env).map(([what, line]) => `  # ${what}\n  ${line}\n`),
  ].join('');
}

/**
 * Commands to try next, ready to paste, each with a description.
 *
 * @internal
 */
export function nextSteps(
  out: string,
  isTracked: boolean,
  env: Context['terminal']['env'],
): [what: string, line: string][] {
  const command = env.npm_command === 'exec' ? 'npx steadyframe' : 'steadyframe';
  const shot = quote(join(out, 'shot.mp4'));
  // A folder of that name in the working directory would take precedence over the bundled model.
  const model = existsSync(DEMO_MODEL) ? quote(demoModelFolder()) : DEMO_MODEL;
  return [
    [
      'another style, other strengths',
      `${command} sweep ${shot} --model ${model} --guidance-scale 3 --prompt "a watercolor painting of a street" --strengths 0.3,0.5,0.7`,
    ],
    [
      'the whole recipe: finetunes the model on the shot, which keeps frames together (some minutes)',
      `${command} recipe --shot ${SHOT} --style neon --model ${model} --preset demo --frames 16 --prompt "${PROMPT}"`,
    ],
    ...(isTracked ? ([['all runs in the browser', `${command} ui`]] as [string, string][]) : []),
    [
      'a real model (4 GB), then its name in place of "demo", with a video of your own',
      `${command} pull ${REAL_MODEL}`,
    ],
  ];
}
