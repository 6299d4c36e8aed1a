// The schema of sweep files, with W&B's keys where they exist. read-sweep-file.ts reads them and reports mistakes.

import { z } from 'zod';
import { METRICS } from '../../metrics/measurement.js';
import { DISTRIBUTIONS, distributionOf, type Parameter } from './distribution.js';
import { SETTING_SCHEMAS, type StoredSettingName, TOP_SETTINGS } from './point-settings.js';

/** Metrics of a point in addition to those of its video. */
export const TRAINING_METRICS = ['training_loss', 'forgetting'] as const;

/** Every metric that points can be sorted by. */
export const SWEEP_METRICS: readonly string[] = [
  ...Object.entries(METRICS).flatMap(([name, { of }]) => (of === 'truth' ? [] : [name])),
  ...TRAINING_METRICS,
];

/** Whether a setting's values are whole numbers, real numbers, or neither. */
export function numberKind(name: StoredSettingName): 'whole' | 'real' | undefined {
  return NUMBER_KINDS.get(name);
}

const NUMBER_KINDS = new Map(
  Object.entries(SETTING_SCHEMAS).map(([name, setting]) => {
    const { type } = z.toJSONSchema(setting);
    return [name, type === 'integer' ? 'whole' : type === 'number' ? 'real' : undefined] as const;
  }),
);

/** Schemas with an id are defined once in the JSON schema. */
const distribution = z.enum(DISTRIBUTIONS).meta({ id: 'distribution' });
const probabilities = z
  .array(z.number().min(0))
  .min(1)
  .meta({ id: 'probabilities', description: 'Of each of the values; random search only.' });

function parameter<T extends z.ZodType>(name: StoredSettingName, setting: T) {
  const listed = {
    value: setting.optional(),
    values: z.array(setting).min(1).optional(),
    probabilities: probabilities.optional(),
    distribution: distribution.optional(),
  };
  const drawn = {
    min: z.number().optional(),
    max: z.number().optional(),
    mu: z.number().optional(),
    sigma: z.number().gt(0).optional(),
    q: z.number().gt(0).optional(),
  };
  return z.strictObject(numberKind(name) ? { ...listed, ...drawn } : listed).superRefine((given, context) => {
    for (const [key, message] of mistakes(name, given as Parameter, setting)) {
      context.addIssue({ code: 'custom', message, path: key ? [key] : [] });
    }
  });
}

/** Mistakes in the combination of a parameter's keys: the key and a message. */
function mistakes(name: StoredSettingName, given: Parameter, setting: z.ZodType): [key: string, sentence: string][] {
  const { value, values, probabilities, min, max } = given;
  const kind = numberKind(name);
  const example = kind ? 'value, values, or min and max' : 'value or values';
  const has = {
    value: value !== undefined,
    values: values !== undefined,
    range: min !== undefined || max !== undefined,
  };
  const isNormal = given.distribution?.includes('normal') ?? false;
  const ways = Object.values(has).filter(Boolean).length;
  if (ways === 0 && !isNormal) return [['', `names no values; expected ${example}`]];
  if (ways > 1) {
    const both = Object.keys(has).filter((key) => has[key as keyof typeof has]);
    return [[both[1] === 'range' ? 'min' : both[1], `contradicts ${both[0]}; give one of the two`]];
  }
  if (probabilities && probabilities.length !== values?.length) {
    return [
      ['probabilities', `has ${probabilities.length} entries for ${values?.length ?? 0} values; expected one each`],
    ];
  }
  if (probabilities && !probabilities.some((each) => each > 0)) {
    return [['probabilities', 'are all 0; expected at least one above it']];
  }
  const distribution = distributionOf(given, kind === 'whole');
  const needs = distribution === 'constant' ? 'value' : distribution === 'categorical' ? 'values' : 'range';
  if (!has[needs] && !isNormal) {
    return [['distribution', `is ${distribution}, which takes ${needs === 'range' ? 'min and max' : needs}`]];
  }
  if (needs !== 'range') return [];
  if (isNormal) {
    return has.range ? [['min', `is not for ${distribution}, which has no bounds; give mu and sigma alone`]] : [];
  }
  if (min === undefined || max === undefined) {
    return [['', `has ${min === undefined ? 'max without min' : 'min without max'}; expected both`]];
  }
  if (min > max) return [['min', `is ${min} and above max, which is ${max}; exchange them`]];
  if (distribution === 'int_uniform' && !(Number.isInteger(min) && Number.isInteger(max))) {
    return [[Number.isInteger(min) ? 'max' : 'min', 'is not a whole number, as int_uniform expects']];
  }
  const isWhole = distribution === 'int_uniform' || (/^q_/.test(distribution) && Number.isInteger(given.q ?? 1));
  if (kind === 'whole' && !isWhole) {
    return [['distribution', `is ${distribution} but ${name} takes whole numbers; use int_uniform or q_uniform`]];
  }
  if (distribution.endsWith('_values') && min <= 0) {
    return [['min', `is ${min}; ${distribution} needs numbers above 0`]];
  }
  const isLog = /log_uniform$/.test(distribution);
  for (const [key, bound] of Object.entries({ min, max })) {
    const reached = isLog ? Math.exp(bound) : bound;
    const checked = setting.safeParse(kind === 'whole' ? Math.round(reached) : reached);
    if (checked.success) continue;
    const hint = isLog ? ' (log_uniform takes exponents; log_uniform_values takes values)' : '';
    return [
      [key, `reaches ${reached}, which ${name} cannot be: ${checked.error.issues[0].message.toLowerCase()}${hint}`],
    ];
  }
  return [];
}

const parameters = z
  .strictObject(
    Object.fromEntries(
      Object.entries(SETTING_SCHEMAS).map(([name, setting]) => [
        name,
        parameter(name as StoredSettingName, setting).optional(),
      ]),
    ) as unknown as { [Name in StoredSettingName]: z.ZodOptional<z.ZodType<Parameter>> },
  )
  .describe('Settings that vary, each with its values.');

const fixed = Object.fromEntries(TOP_SETTINGS.map((name) => [name, SETTING_SCHEMAS[name].optional()])) as {
  [Name in (typeof TOP_SETTINGS)[number]]: z.ZodOptional<(typeof SETTING_SCHEMAS)[Name]>;
};

const halving = z
  .strictObject({
    type: z.literal('hyperband'),
    min_iter: z.int().min(1).optional().describe('Iterations of the first rung; each next one has eta times as many.'),
    max_iter: z
      .int()
      .min(2)
      .optional()
      .describe('In place of min_iter: rungs at max_iter / eta, / eta^2, ..., s of them.'),
    eta: z.number().gt(1).optional().describe('One in eta points goes on after a rung; 3 by default.'),
    s: z.int().min(1).optional().describe('How many rungs.'),
  })
  .superRefine(({ min_iter, max_iter, s }, context) => {
    const wrong = (key: string, message: string) => context.addIssue({ code: 'custom', message, path: [key] });
    if (min_iter !== undefined && max_iter !== undefined)
      wrong('max_iter', 'contradicts min_iter; give one of the two');
    if (min_iter === undefined && max_iter === undefined)
      wrong('min_iter', 'is missing; expected the first rung, such as 100');
    if (max_iter !== undefined && s === undefined) wrong('s', 'is missing; max_iter needs the number of rungs');
  })
  .describe('Successive halving of finetunes: at each rung, the best go on and the others stop.');

/** A sweep file. */
export const SWEEP_SCHEMA = z
  .strictObject({
    $schema: z.string().optional(),
    name: z
      .string()
      .regex(/^[\w][\w .-]*$/)
      .optional()
      .describe("What the sweep is called; the file's name by default."),
    description: z.string().optional(),
    method: z.enum(['grid', 'random']).describe('Every combination in order, or draws.'),
    seed: z.int().min(0).optional().describe('Decides the draws of a random search; 0 by default.'),
    run_cap: z.int().min(1).optional().describe('At most so many points; a random search must say.'),
    metric: z
      .strictObject({
        name: z.enum(SWEEP_METRICS as [string, ...string[]]),
        goal: z.enum(['minimize', 'maximize']).optional().describe('minimize by default.'),
      })
      .optional()
      .describe('What points are sorted by.'),
    early_terminate: halving.optional(),
    ...fixed,
    parameters,
  })
  .superRefine((sweep, context) => {
    const wrong = (path: string[], message: string) => context.addIssue({ code: 'custom', message, path });
    if (sweep.method === 'random' && sweep.run_cap === undefined) {
      wrong(['run_cap'], 'is missing; a random search needs the number of points, such as 20');
    }
    if (sweep.early_terminate && !sweep.metric) {
      wrong(['metric'], 'is missing; early_terminate needs one to judge by');
    }
    for (const name of TOP_SETTINGS) {
      if (sweep[name] !== undefined && sweep.parameters[name] !== undefined) {
        wrong(['parameters', name], 'is given at the top of the file too; keep one of them');
      }
    }
    for (const name of ['video', 'model'] as const) {
      if (sweep[name] === undefined && sweep.parameters[name] === undefined) {
        wrong([name], `is missing; expected the path of a ${name}`);
      }
    }
    if (sweep.method === 'grid') {
      for (const [name, given] of Object.entries(sweep.parameters) as [StoredSettingName, Parameter][]) {
        if (given.probabilities) wrong(['parameters', name, 'probabilities'], 'belongs to method: random');
        const kind = distributionOf(given, numberKind(name) === 'whole');
        if (['constant', 'categorical', 'int_uniform', 'q_uniform'].includes(kind)) continue;
        const remedy = 'list values, use q_uniform with q, or use method: random';
        wrong(['parameters', name], `is ${kind}, which has endlessly many values for a grid; ${remedy}`);
      }
    }
  });

/** A sweep file as data. */
export type Sweep = z.infer<typeof SWEEP_SCHEMA>;

/** The JSON schema of sweep files, for completion and checks in editors. */
export function sweepJsonSchema(): object {
  const { $schema, ...schema } = z.toJSONSchema(SWEEP_SCHEMA, { io: 'input' });
  return { $schema, title: 'steadyframe sweep', ...schema };
}
