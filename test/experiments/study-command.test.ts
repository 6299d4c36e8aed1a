// `npm run study`: its help, and one-line errors about invalid arguments.

import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { root } from '../../scripts/setup.js';
import { built, builtNote } from '../cli/process.js';
import { scratchFolder } from '../sweeps/tiny.js';

const scratch = scratchFolder();
const study = (...args: string[]) => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(root, 'scripts/study.js'), ...args], {
    encoding: 'utf8',
  });
  return { code: status, out: stdout, err: stderr };
};

describe.skipIf(!built)(`npm run study${builtNote}`, () => {
  it('lists the studies, and the parts and options of the demo model', () => {
    const { code, out } = study('--help');
    expect(code).toBe(0);
    for (const name of ['published-recipe', 'frames-and-iterations', 'demo-model']) {
      expect(out).toMatch(new RegExp(`^  ${name} `, 'm'));
    }
    const { out: told } = study('demo-model', '--help');
    expect(told).toContain('vae, unet, decoder');
    for (const flag of ['--iterations', '--out', '--resume', '--from-weights', '--card']) expect(told).toContain(flag);
  });

  it.each([
    ['no part', [], 'demo-model: say what to train, vae, unet, decoder, controlnet; or give --card'],
    ['an unknown part', ['text'], 'demo-model: there is no part "text"; choose vae, unet, decoder, controlnet'],
    ['a number that is none', ['vae', '--iterations', 'x'], "option '--iterations <n>' argument 'x' is invalid."],
    ['no updates', ['vae', '--iterations', '0'], 'iterations: the number is 0'],
    ['a part of the card', ['vae', '--card'], 'demo-model: --card trains nothing; leave out "vae"'],
    ['a network without its autoencoder', ['unet'], join('out', 'vae', 'config.json')],
  ])('demo-model: %s is refused, and nothing is written', (_, args, sentence) => {
    const place = ['--out', join(scratch, 'out'), '--work', join(scratch, 'work'), '--no-track'];
    const { code, out, err } = study('demo-model', ...args, ...place);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).toContain(sentence);
    expect(existsSync(join(scratch, 'out'))).toBe(false);
  });
});
