// The study: every method on the nine cases, case by case and method by method. What is stored is not done again, so that a
// new method costs only itself.

import { existsSync } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writeFileAtomic } from '../../lib/base/atomic-file.js';
import { UsageError } from '../../lib/base/errors.js';
import { loadModel } from '../../lib/models/model.js';
import { writeChart } from '../../lib/report/chart-picture.js';
import { type CaseOptions, type StudyCase, studyCases } from './cases.js';
import { judgeMethod, type MethodResult } from './judge-method.js';
import { METHODS, type Method } from './methods.js';
import { motionsOf } from './motions.js';
import { type RenderingsOptions, renderCase } from './renderings.js';
import { studyChart } from './study-chart.js';
import { type StudyTable, studyTable } from './study-table.js';

/** Three strengths of each base, the finetuned models' around the published one. */
export const METHOD_STRENGTHS: RenderingsOptions['strengths'] = {
  plain: [0.45, 0.75, 1],
  true: [0.3, 0.45, 0.6],
  picked: [0.3, 0.45, 0.6],
};

/** Options of the study. */
export interface StudyOptions extends RenderingsOptions, CaseOptions {
  readonly model: string;
  /** Folder of all results; existing ones are kept. */
  readonly out: string;
  /** Names of cases, and of methods; all by default. */
  readonly only?: readonly string[];
  readonly methods?: readonly string[];
}

/**
 * Runs what is missing, and writes `study.json` and `chart.png` over all that is there.
 *
 * @throws UsageError for a case or method that does not exist
 */
export async function runStudy(options: StudyOptions): Promise<StudyTable> {
  const all = studyCases(options);
  const cases = chosen('case', all, options.only);
  // What moves along the truth has none on a real clip.
  const methods = chosen('method', METHODS, options.methods).filter(({ motion }) => !options.real || motion !== 'true');
  await mkdir(options.out, { recursive: true });
  const model = await loadModel(options.model);
  try {
    for (const each of cases) {
      const folder = join(options.out, each.name);
      const missing = methods.filter(({ name }) => !existsSync(resultPath(folder, name)));
      if (missing.length === 0) continue;
      options.onNote?.(`${each.name} ...`);
      await mkdir(join(folder, 'methods'), { recursive: true });
      const renderings = await renderCase(model, each, { folder, methods: missing }, options);
      const motions = motionsOf(renderings.source, renderings.truth?.motion);
      for (const method of missing) {
        options.signal?.throwIfAborted();
        options.onNote?.(`${each.name}: ${method.label} ...`);
        const result = await judgeMethod(each.name, method, renderings, motions);
        await writeFileAtomic(resultPath(folder, method.name), `${JSON.stringify(result)}\n`);
      }
      await summarise(options.out, all);
    }
  } finally {
    await model.dispose();
  }
  return summarise(options.out, all);
}

const resultPath = (folder: string, method: string): string => join(folder, 'methods', `${method}.json`);

/** The table over everything stored. */
async function summarise(out: string, all: readonly StudyCase[]): Promise<StudyTable> {
  const results: MethodResult[] = [];
  for (const { name } of all) {
    for (const method of METHODS) {
      const path = resultPath(join(out, name), method.name);
      if (existsSync(path)) results.push(JSON.parse(await readFile(path, 'utf8')) as MethodResult);
    }
  }
  const table = studyTable(results);
  await writeFileAtomic(join(out, 'study.json'), `${JSON.stringify(table, null, 1)}\n`);
  const chart = studyChart(table);
  if (chart.lines.length > 0) await writeChart(join(out, 'chart.png'), chart);
  return table;
}

function chosen<T extends StudyCase | Method>(
  what: string,
  all: readonly T[],
  names: readonly string[] | undefined,
): readonly T[] {
  const unknown = names?.find((name) => !all.some((each) => each.name === name));
  if (unknown !== undefined) {
    throw new UsageError(`no ${what} "${unknown}", expected one of ${all.map(({ name }) => name).join(', ')}`);
  }
  return all.filter(({ name }) => names?.includes(name) ?? true);
}
