// @ts-check
// The main job that `npm start` runs once everything is installed and built: `steadyframe sweep` on a generated shot with a
// small checkpoint of random weights. Its pictures mean nothing, but every part of the way is real. Arguments are added to the
// sweep's: `npm start -- --strengths 0.3,0.6`.

import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './setup.js';

const dist = new URL('../dist/', import.meta.url);
/** @type {typeof import('../src/lib/index.js')} */
const { VERSION, heldOutShot, shotFrames, writeRandomCheckpoint, writeVideo } = await import(
  new URL('lib/index.js', dist).href
);
/** @type {typeof import('../src/cli/run.js')} */
const { describeError, runCli } = await import(new URL('cli/run.js', dist).href);
/** @type {typeof import('../src/cli/terminal.js')} */
const { processTerminal } = await import(new URL('cli/terminal.js', dist).href);

const model = join(root, 'models/random-tiny');
const shot = join(root, '.cache/street.mp4');
const results = join(process.env.STEADYFRAME_RUNS || join(root, 'runs'), 'sweep');

/** What is generated once; both appear under their names only when they are whole. */
async function generate() {
  if (!existsSync(model)) {
    console.error('Generating a small checkpoint of random weights into models/random-tiny ...');
    await writeRandomCheckpoint(model, { seed: 0 });
  }
  if (!existsSync(shot)) {
    mkdirSync(join(root, '.cache'), { recursive: true });
    const street = heldOutShot('red-car-curve');
    await writeVideo(shot, shotFrames(street, 'photo', { frames: 24 }), { frameRate: street.frameRate });
  }
}

/** Whether an earlier sweep of the shot was interrupted: then it is continued where its settings are still the same. */
function wasInterrupted() {
  if (!existsSync(results)) return false;
  return readdirSync(results).some((name) => name.startsWith('street-') && existsSync(join(results, name, '.partial')));
}

/** @returns {Promise<number>} the exit code */
async function main() {
  console.error(`steadyframe ${VERSION}: a sweep of strengths on a generated shot, with random weights.`);
  try {
    await generate();
  } catch (error) {
    console.error(describeError(error, process.env));
    return 1;
  }
  process.env.STEADYFRAME_RUNS ||= join(root, 'runs');
  const prompt = 'a cyberpunk city at night';
  const options = ['--model', model, '--prompt', prompt, '--strengths', '0.45,0.75', '--size', '128'];
  const more = [...(wasInterrupted() ? ['--resume'] : []), ...process.argv.slice(2)];
  return runCli(['sweep', shot, ...options, ...more], processTerminal());
}

main().then((code) => {
  process.exitCode = code;
});
