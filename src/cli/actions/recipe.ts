// `steadyframe recipe`: runs the published recipe on a video or a bundled shot, and writes a report.

import { UsageError } from '../../lib/base/errors.js';
import { given } from '../../lib/base/given.js';
import { type RecipeOptions, recipe } from '../../lib/recipe/recipe.js';
import type { RecipeResult } from '../../lib/recipe/result.js';
import { givenSettings } from '../../lib/settings/defaults.js';
import { OUTPUT, SELECTION, STEADY } from '../../lib/settings/table.js';
import { RENDERED, type RecipeValues, TRAINED } from '../commands/recipe.js';
import type { Context } from '../context.js';
import { trackingSettings } from '../render-options.js';
import { formatNumber, formatTable, formatTimestep } from '../table.js';
import { withModel } from './with-model.js';

export async function run(context: Context, video: string | undefined, values: RecipeValues): Promise<void> {
  if (values.quiet) context.quieten();
  const { shot, style } = values;
  if ((video === undefined) === (shot === undefined)) {
    throw new UsageError('recipe: give a video, or the name of a bundled shot with --shot, and not both');
  }
  const subject = video ?? given({ shot: shot!, style });
  await withModel(values, context, async (model) => {
    const { out, report, result } = await recipe(model, subject, libraryOptions(values, context));
    context.reporter.close();
    context.terminal.out(
      values.json ? `${JSON.stringify({ out, report, ...result }, null, 1)}\n` : summary(result, out, report),
    );
  });
}

function libraryOptions(values: RecipeValues, context: Context): RecipeOptions {
  const { out, resume, editFrame, guidanceScale, preset, strengths, tunedGuidance, steady } = values;
  const { proposalStrengths, proposalSeeds, proposalGuidance, example: examples } = values;
  return {
    ...trackingSettings(values, context),
    ...givenSettings({ ...SELECTION, ...RENDERED, ...STEADY, ...OUTPUT }, values),
    ...given({ out, resume, editFrame, guidanceScale }),
    ...{ preset, strengths, steady },
    prompts: values.prompt,
    ...given({ tunedGuidance, examples }),
    training: givenSettings(TRAINED, values),
    proposals: given({ strengths: proposalStrengths, seeds: proposalSeeds, guidanceScale: proposalGuidance }),
    onProgress: context.reporter.report,
    onWarning: context.warn,
    onFolder: (folder) => context.reporter.note(`steadyframe: writing into ${folder}`),
    signal: context.terminal.signal,
  };
}

function summary({ arms, source, claims, grid, truthFloor }: RecipeResult, out: string, report: string): string {
  const withTruth = truthFloor !== null;
  const headings = [
    '',
    'first timestep',
    'edit strength',
    'flicker',
    'per contrast',
    'warping error',
    'per variance',
    'motion',
  ];
  const row = (label: string, timestep: number | null, metrics: RecipeResult['source']['means']): string[] => [
    label,
    timestep === null ? '-' : formatTimestep(timestep),
    formatNumber(metrics.edit_strength ?? 0),
    formatNumber(metrics.flicker_ratio),
    formatNumber(metrics.contrast_normalised_flicker),
    formatNumber(metrics.warping_error),
    formatNumber(metrics.warping_error_normalised),
    formatNumber(metrics.tof),
  ];
  const table = formatTable(
    [...headings, ...(withTruth ? ['error to truth', 'car'] : [])],
    [
      [...row('original', null, source.means), ...(withTruth ? ['-', '-'] : [])],
      ...arms.map(({ label, firstTimestep, metrics, truth }) => [
        ...row(label, firstTimestep, metrics),
        ...(truth ? [formatNumber(truth.truthError), formatNumber(truth.carCorrelation)] : []),
      ]),
    ],
  );
  const verdicts = [...new Set(claims.map(({ arm }) => arm))].flatMap((arm) => [
    `${arm}:`,
    ...claims
      .filter((claim) => claim.arm === arm)
      .map(({ claim, held, measured }) => `  ${held === null ? '?' : held ? 'yes' : 'no '}  ${claim}: ${measured}`),
  ]);
  return `${table}\n${verdicts.join('\n')}\n\ngrid:   ${out}/${grid.mp4}\nreport: ${report}\n`;
}
