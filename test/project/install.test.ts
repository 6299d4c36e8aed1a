// `npm install steadyframe` for a new user: the packed package in an empty folder, with access to npm's registry only, and
// without settings of this project.

import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, type TestContext } from 'vitest';
import { npm, root, TSC } from '../../scripts/setup.js';
import { packPackage } from './packed.js';

const MINUTE = 60_000;
/** Nothing listens here, so that downloads of install scripts from other hosts fail immediately on any machine. */
const NOWHERE = 'http://127.0.0.1:9';

const temporary = mkdtempSync(join(tmpdir(), 'steadyframe-install-'));
const consumer = join(temporary, 'consumer');
let outcome: { status: number | null; output: string };

/** This environment without the variables of npm and this project. */
function strangersEnvironment(): NodeJS.ProcessEnv {
  const own = /^(npm_package_|npm_lifecycle_|npm_config_local_prefix|npm_config_onnx|onnxruntime_node)/i;
  const kept = Object.entries(process.env).filter(([name]) => !own.test(name));
  return { ...Object.fromEntries(kept), GLOBAL_AGENT_HTTPS_PROXY: NOWHERE, FFMPEG_BINARIES_URL: NOWHERE };
}

beforeAll(() => {
  const { tarball } = packPackage(temporary);
  mkdirSync(consumer);
  writeFileSync(join(consumer, 'package.json'), '{ "name": "consumer", "private": true }');
  const args = ['install', '--prefer-offline', '--no-audit', '--no-fund', tarball];
  const run = npm(args, { cwd: consumer, env: strangersEnvironment(), encoding: 'utf8' });
  outcome = { status: run.status, output: `${run.stdout}${run.stderr}` };
}, 10 * MINUTE);

afterAll(() => rmSync(temporary, { recursive: true, force: true }));

/** Skips if the registry cannot be reached, for which npm has network error codes; a failed script has the code 1. */
function needRegistry(ctx: TestContext): void {
  const code = /^npm (?:error|ERR!) code (E[A-Z_]+)$/m.exec(outcome.output)?.[1] ?? '';
  if (/^(ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ERR_SOCKET_TIMEOUT|E40[13]|E5\d\d)$/.test(code)) {
    ctx.skip(`npm's registry is out of reach (${code})`);
  }
}

/** Runs a file of the consumer and returns its output. */
function ran(name: string, text: string): string {
  writeFileSync(join(consumer, name), text);
  const { stdout, stderr, status } = spawnSync(process.execPath, [name], { cwd: consumer, encoding: 'utf8' });
  expect(status, stderr).toBe(0);
  return stdout.trim();
}

describe('npm install of the packed package', () => {
  it('succeeds, with no file of CUDA fetched and no failed optional package left', (ctx) => {
    needRegistry(ctx);
    expect(outcome.status, outcome.output).toBe(0);
    const binaries = join(consumer, 'node_modules/onnxruntime-node/bin/napi-v6/linux/x64');
    const cuda = readdirSync(binaries).filter((name) => /providers/.test(name));
    expect(cuda.map((name) => statSync(join(binaries, name)).size)).toEqual(cuda.map(() => 0));
  });

  it('gives a command that opens the demo model', (ctx) => {
    needRegistry(ctx);
    const command = join(consumer, 'node_modules/steadyframe/dist/cli/main.js');
    expect(existsSync(join(consumer, 'node_modules/.bin/steadyframe'))).toBe(true);
    const run = spawnSync(process.execPath, [command, 'info', 'demo', '--json'], { cwd: consumer, encoding: 'utf8' });
    expect(run.status, run.stderr).toBe(0);
    expect(JSON.parse(run.stdout)).toMatchObject({ layout: 'diffusers', trainedSize: 128 });
  });

  it.each([
    ['import', 'use.mjs', `import { randn } from 'steadyframe';`],
    ['require', 'use.cjs', `const { randn } = require('steadyframe');`],
  ])('can be used with %s', (_, name, line) => {
    // PyTorch: torch.randn(2, generator=torch.manual_seed(42)).
    const [first, second] = ran(name, `${line}\nconsole.log(randn(42, [2]).data.join(' '));`).split(' ').map(Number);
    expect(first).toBeCloseTo(0.33669037, 6);
    expect(second).toBeCloseTo(0.1288094, 6);
  });

  it.each([
    ['nodenext', 'nodenext'],
    ['bundler', 'esnext'],
  ])('has types under moduleResolution %s, by which the code of the README is right', (moduleResolution, module) => {
    const text = `
      import { randn, type Tensor } from 'steadyframe';
      export const made: Tensor<'float32'> = randn(42, [2]);
      // @ts-expect-error: a shape is no text, unless the types have turned into any
      export const text: string = made.shape;`;
    writeFileSync(join(consumer, 'use.mts'), text);
    const examples = [...readFileSync(join(root, 'README.md'), 'utf8').matchAll(/^```ts\n(.*?)^```$/gms)];
    expect(examples).toHaveLength(1);
    writeFileSync(join(consumer, 'readme.mts'), examples[0][1]);
    // The declarations themselves are checked in package.test.ts.
    const base = { strict: true, noEmit: true, target: 'es2022', types: [], skipLibCheck: true };
    const compilerOptions = { ...base, module, moduleResolution };
    writeFileSync(
      join(consumer, 'tsconfig.json'),
      JSON.stringify({ compilerOptions, files: ['use.mts', 'readme.mts'] }),
    );
    const { stdout } = spawnSync(process.execPath, [join(root, TSC), '-p', consumer], { encoding: 'utf8' });
    expect(stdout).toBe('');
  });
});
