// The flags and help of `steadyframe again`.

import type { Command } from 'commander';
import { SUBJECT } from '../../lib/settings/table.js';

const EXAMPLES = `
Every picture and video that steadyframe makes has the command, its settings, and the names and contents of the files that it
read in its metadata (--no-metadata leaves it out); \`steadyframe info FILE\` shows them. The source and the model are looked for
by name here and in the folders of FILE, and where the runs on this machine had them; the source must have the same content.
Options of the command itself follow after --.

Examples:
  steadyframe again strength-0.45.mp4
  steadyframe again grid.mp4 --video elsewhere/shot.mp4 --dry-run
  steadyframe again strength-0.45.mp4 --video other.mp4 -- --seed 7 --frames 8`;

/** Values of the options. */
export interface AgainValues {
  video?: string;
  model?: string;
  in?: string;
  out?: string;
  dryRun?: boolean;
  quiet?: boolean;
}

/** Adds the command to the program. */
export function addAgain(program: Command): Command {
  return program
    .command('again')
    .summary('repeat what made a picture or a video')
    .description('Repeats the command that made a picture or a video, from the settings in its metadata.')
    .argument('<file>', 'a picture or a video that steadyframe made, or a folder of its frames')
    .usage('[options] <file> [-- options of that command]')
    .allowExcessArguments()
    .option('--video <path>', 'the source, where it is not found or is to be another one')
    .option('-m, --model <path>', `the model likewise: ${SUBJECT.model.help}`)
    .option('--in <folder>', 'another folder to look for its files in')
    .option('-o, --out <path>', 'where results go, as in the command')
    .option('-n, --dry-run', 'find all files, and print the command')
    .option('-q, --quiet', 'print no progress, only warnings and errors')
    .addHelpText('after', EXAMPLES);
}
