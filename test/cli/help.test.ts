// Help, version, and wrong arguments: output and exit codes.

import { describe, expect, it } from 'vitest';
import { describeError } from '../../src/cli/run.js';
import { FailureError, UsageError } from '../../src/lib/base/errors.js';
import { VERSION } from '../../src/lib/base/version.js';
import { steadyframe } from './run-command.js';

const COMMANDS = [
  'demo',
  'sweep',
  'seeds',
  'frame',
  'edit',
  'finetune',
  'recipe',
  'steady',
  'control',
  'metrics',
  'grid',
  'info',
  'pull',
  'report',
  'run',
  'runs',
  'sync',
  'verify',
  'ui',
  'completion',
];

describe('help', () => {
  it('lists the commands on stdout', async () => {
    const { code, out, err } = await steadyframe(['--help']);
    expect({ code, err }).toEqual({ code: 0, err: '' });
    for (const command of COMMANDS) expect(out).toMatch(new RegExp(`^  ${command} `, 'm'));
    expect(out).toMatch(/Exit codes: 0 done, 1 .* 2 .* 130 interrupted/);
  });

  it.each(COMMANDS)('of %s has examples that name the command', async (command) => {
    const { code, out } = await steadyframe([command, '--help']);
    expect(code).toBe(0);
    expect(out).toContain(`Usage: steadyframe ${command}`);
    expect(out).toMatch(new RegExp(`Examples:\n[^]*^  steadyframe ${command}( |$)`, 'm'));
    expect((await steadyframe(['help', command])).out).toBe(out);
  });

  it('of sweep says every option with its default', async () => {
    const { out } = await steadyframe(['sweep', '--help']);
    const options =
      'model lora embedding clip-skip config device strict prompt negative-prompt steps sampler guidance-scale noise-draw size strengths seed frames start ' +
      'duration every batch columns audio out resume dry-run json quiet';
    for (const option of options.split(' ')) expect(out).toMatch(new RegExp(`^  (-\\w, )?--${option} `, 'm'));
    // A long option name changes line breaks.
    const text = out.replace(/\s+/g, ' ');
    for (const value of ['0.45,0.75', '42', '50', '7.5', '"ddim"']) expect(text).toContain(`(default: ${value})`);
  });

  it('is printed on stderr where no command is given', async () => {
    const { code, out, err } = await steadyframe([]);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).toContain('Usage: steadyframe');
  });

  it('holds no escape sequences', async () => {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: that is what is looked for
    expect((await steadyframe(['sweep', '--help'])).out).not.toMatch(/\x1b/);
  });

  it('has the version beside it', async () => {
    expect(await steadyframe(['--version'])).toMatchObject({ code: 0, out: `${VERSION}\n`, err: '' });
  });
});

describe('wrong arguments', () => {
  it.each([
    ['an unknown command', ['swep'], "unknown command 'swep' (Did you mean sweep?)"],
    [
      'an unknown option',
      ['sweep', 'a.mp4', '--model', 'm', '--prompt', 'p', '--strenghts', '1'],
      "unknown option '--strenghts' (Did you mean --strengths?)",
    ],
    [
      'an unknown option where another is missing',
      ['sweep', 'a.mp4', '--model', 'm', '--promt', 'x'],
      "unknown option '--promt' (Did you mean --prompt?)",
    ],
    ['an unknown option with a value', ['ui', '--prot=80'], "unknown option '--prot' (Did you mean --port?)"],
    ['an unknown option, like no other', ['grid', '--bogus'], "unknown option '--bogus'"],
    [
      'no edit to learn from',
      ['finetune', 'a.mp4', '--model', 'x'],
      'finetune learns from an edited frame of the video: give it with --edit FILE (`steadyframe edit` makes one), or say --no-edit to learn the video alone',
    ],
    [
      'an edit, and none',
      ['finetune', 'a.mp4', '--model', 'x', '--edit', 'e.png', '--no-edit'],
      '--edit and --no-edit exclude each other; leave one out',
    ],
    ['no video', ['sweep', '--model', 'm', '--prompt', ''], "missing required argument 'video'"],
    ['no model', ['sweep', 'a.mp4', '--prompt', 'x'], "required option '-m, --model <path>' not specified"],
    ['no prompt', ['sweep', 'a.mp4', '--model', 'x'], "required option '-p, --prompt <text>' not specified"],
    ['no time', ['frame', 'a.mp4', '--model', 'x', '--prompt', ''], "required option '--at <time>' not specified"],
    ['no output', ['grid', 'a.mp4'], "required option '-o, --out <file>' not specified"],
    ['too much', ['info', 'a', 'b'], "too many arguments for 'info'. Expected 1 argument but got 2."],
    [
      'a value of another kind',
      ['sweep', 'a.mp4', '--strengths', '0.45,x'],
      "option '--strengths <list>' argument '0.45,x' is invalid. Expected a number.",
    ],
    [
      'an unknown sampler',
      ['sweep', 'a.mp4', '--sampler', 'ddpm'],
      "option '--sampler <name>' argument 'ddpm' is invalid. Expected one of ddim, pndm, euler, euler-karras, dpmpp-2m, dpmpp-2m-karras, lcm, tcd.",
    ],
  ])('%s: one sentence on stderr, exit code 2', async (_, args, sentence) => {
    expect(await steadyframe(args)).toMatchObject({ code: 2, out: '', err: `steadyframe: ${sentence}\n` });
  });
});

describe('errors', () => {
  it('are a sentence, and a stack where asked for', () => {
    expect(describeError(new UsageError('a: b'), {})).toBe('a: b');
    expect(describeError(new FailureError('a\n  b'), {})).toBe('a b');
    const unexpected = new TypeError('x is undefined');
    expect(describeError(unexpected, {})).toBe('unexpected error: x is undefined (STEADYFRAME_DEBUG=1 shows where)');
    expect(describeError(unexpected, { STEADYFRAME_DEBUG: '1' })).toMatch(/TypeError: x is undefined\n +at /);
  });
});
