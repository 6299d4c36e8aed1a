// Parses the command line, runs the command, and turns errors into a message and an exit code.

import { CommanderError } from 'commander';
import { systemError } from '../lib/base/atomic-file.js';
import { type Environment, variable } from '../lib/base/environment.js';
import { FailureError, UsageError } from '../lib/base/errors.js';
import { VERSION } from '../lib/base/version.js';
import { CheckedCommand } from './command.js';
import { type AddCommand, COMMANDS } from './commands.js';
import { createContext } from './context.js';
import { type Notice, notify } from './notify.js';
import { Interrupted, type Terminal } from './terminal.js';

const EXIT_CODES = `
Exit codes: 0 done, 1 the work failed, 2 the request was wrong, 130 interrupted.
Results go to stdout; progress and messages to stderr. NO_COLOR is respected.
STEADYFRAME_DEVICE names the device, STEADYFRAME_ENGINE the engine, STEADYFRAME_THREADS how many threads a model takes,
STEADYFRAME_RUNS the folder for results, STEADYFRAME_CACHE the one for what can be made again, FFMPEG_PATH the ffmpeg to use,
STEADYFRAME_WEBHOOK the address that --notify webhook tells.`;

/** Former names of commands, which still work. */
const FORMER_COMMANDS: Readonly<Record<string, string>> = { experiment: 'recipe' };

/** A program: its name, its description and its commands. */
export interface Program {
  readonly name: string;
  readonly description: string;
  readonly commands: readonly AddCommand[];
}

const STEADYFRAME: Program = {
  name: 'steadyframe',
  description: 'Restyle short videos with Stable Diffusion, and measure how steady the result is.',
  commands: COMMANDS,
};

/**
 * Runs `steadyframe`, or another program, with command-line arguments (without `node` and the script).
 *
 * @returns the exit code: 0 success, 1 failure, 2 usage error, 130 interrupted
 */
export async function runCli(
  given: readonly string[],
  outside: Terminal,
  { name, description, commands } = STEADYFRAME,
): Promise<number> {
  const args = given.map((arg, i) => (i === 0 && Object.hasOwn(FORMER_COMMANDS, arg) ? FORMER_COMMANDS[arg] : arg));
  const context = createContext(args, outside);
  const { terminal } = context;
  const program = new CheckedCommand(name)
    .description(description)
    .version(VERSION, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .helpCommand('help [command]', 'print the help of a command')
    .addHelpText('after', EXIT_CODES)
    .exitOverride()
    .configureOutput({
      writeOut: terminal.out,
      writeErr: (text) => terminal.err.write(text),
      getErrHasColors: () => false,
      getOutHasColors: () => false,
      outputError: (text, write) =>
        write(
          `steadyframe: ${text
            .trim()
            .replace(/^error: /, '')
            .replace(/\.?\s*\n\s*/g, ' ')}\n`,
        ),
    });
  for (const add of commands) add(program, context);
  let notices: readonly Notice[] = [];
  program.hook('preAction', (_, action) => {
    notices = action.opts().notify ?? notices;
  });
  const start = performance.now();
  const ended = async (code: number): Promise<number> => {
    const seconds = (performance.now() - start) / 1000;
    // A wrong request is seen at once.
    if (code !== 2)
      await notify(notices, { command: context.args, code, seconds }, { terminal: outside, warn: context.warn });
    return code;
  };
  try {
    await program.parseAsync(args, { from: 'user' });
    return await ended(0);
  } catch (error) {
    context.reporter.close();
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    const reason: unknown = terminal.signal.aborted ? terminal.signal.reason : error;
    terminal.err.write(`steadyframe: ${describeError(reason, terminal.env)}\n`);
    if (context.remedy !== undefined) terminal.err.write(`${context.remedy}\n`);
    if (reason instanceof Interrupted) return ended(reason.exitCode);
    return ended(terminal.signal.aborted ? 130 : reason instanceof UsageError ? 2 : 1);
  } finally {
    context.reporter.close();
  }
}

/** The error message on one line; the stack with `STEADYFRAME_DEBUG=1`. */
export function describeError(thrown: unknown, env?: Environment): string {
  const error = systemError(thrown);
  if (!(error instanceof Error)) return String(error);
  if (variable('STEADYFRAME_DEBUG', env) === '1') return error.stack ?? error.message;
  const sentence = error.message.replace(/\s*\n\s*/g, ' ');
  const isOurs = error instanceof UsageError || error instanceof FailureError || error instanceof Interrupted;
  return isOurs ? sentence : `unexpected error: ${sentence} (STEADYFRAME_DEBUG=1 shows where)`;
}
