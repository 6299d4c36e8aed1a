// Sample runs, created by tracking: strengths with small videos, trainings with every status, and a damaged one.

import { appendFileSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Frame } from '../../src/lib/tensor/frame.js';
import { startChild, startRun } from '../../src/lib/tracking/log/start-run.js';
import { writeVideo } from '../../src/lib/video/write/write-video.js';

/** Number of frames of each video, and frames per second. */
export const FRAMES = 12;
export const RATE = 12;
/** Strengths of the sample's sweep. */
export const STRENGTHS: readonly number[] = [0.325, 0.45, 0.6, 0.75];
const SIDE = 48;

/** Grey frames with increasing brightness, starting at `level`. */
export async function* frames(level: number): AsyncGenerator<Frame> {
  for (let i = 0; i < FRAMES; i++)
    yield { width: SIDE, height: SIDE, data: new Uint8Array(3 * SIDE * SIDE).fill(level + 4 * i) };
}

/** Creates the runs below a root. */
export async function makeRuns(root: string): Promise<void> {
  const sweep = await startRun({ root, experiment: 'sweep', name: 'street', parameters: { video: 'street.mp4' } });
  for (const strength of STRENGTHS) {
    const run = await startChild(sweep, {
      name: `strength ${strength}`,
      parameters: { strength, prompt: '<b>neon</b> city', denoise: { steps: 50 } },
      tags: { author: strength > 0.5 ? 'ann' : 'bob' },
    });
    for (let step = 0; step < FRAMES; step++) run.logMetrics({ frame_difference: 4 + strength + (step % 3) }, { step });
    run.logMetrics({
      edit_strength: 50 * strength,
      warping_error_normalised: 0.2 + 0.1 * strength,
      flicker: strength / 4,
    });
    const video = join(run.artifacts, 'result.mp4');
    await writeVideo(video, frames(20 + 100 * strength), { frameRate: RATE, onWarning: () => {} });
    await run.logArtifact(video);
    await run.finish();
  }
  await sweep.finish();
  const training = { root, experiment: 'finetune' } as const;
  for (const [name, learningRate] of [
    ['finished', 1e-5],
    ['failed', 1e-4],
  ] as const) {
    const run = await startRun({ ...training, name, parameters: { learningRate, iterations: 50 } });
    for (let step = 0; step < 50; step++) run.logMetrics({ loss: 1 / (1 + step) }, { step });
    if (name === 'finished') await run.finish();
    else await run.finish('failed', { error: new Error('loss is <NaN> at iteration 50') });
  }
  const killed = await startRun({ ...training, name: 'killed', parameters: { learningRate: 1e-5, iterations: 50 } });
  killed.logMetrics({ loss: 1 }, { step: 0 });
  await killed.flush();
  await killed.finish();
  killLater(killed.folder, killed.record);
  mkdirSync(join(root, 'finetune/torn'));
  writeFileSync(join(root, 'finetune/torn/run.json'), '{"format":1,"id":"ab');
}

/** Changes a run's folder to that of a killed process: with the status running, but without an owner. */
function killLater(folder: string, { metrics: _, end: __, ...record }: { metrics?: unknown; end?: unknown }): void {
  for (const name of readdirSync(folder)) if (name.startsWith('.owner')) rmSync(join(folder, name));
  writeFileSync(join(folder, 'run.json'), JSON.stringify({ ...record, status: 'running' }));
  appendFileSync(join(folder, 'metrics.jsonl'), '{"key":"loss","va');
}
