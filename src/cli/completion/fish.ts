// Completion script for fish: a file in ~/.config/fish/completions.

import type { CompletedCommand, CompletedOption, Value } from './describe.js';

/** The script. */
export function fishCompletion(commands: readonly CompletedCommand[]): string {
  const lines = commands.flatMap(({ name, description, options, argument }) => {
    const seen = `complete -c steadyframe -n ${quoted(`__fish_seen_subcommand_from ${name}`)}`;
    return [
      `complete -c steadyframe -n __fish_use_subcommand -a ${name} -d ${quoted(description)}`,
      ...options.map((option) => `${seen} ${optionWords(option)}`),
      ...(argument ? [`${seen} ${valueWords(argument)}`] : []),
    ];
  });
  return `# steadyframe: completion for fish. Put it to use with:
#   steadyframe completion fish > ~/.config/fish/completions/steadyframe.fish
complete -c steadyframe -f
complete -c steadyframe -n __fish_use_subcommand -l version -s V -d 'print the version'
complete -c steadyframe -n __fish_use_subcommand -l help -s h -d 'print this help'
${lines.join('\n')}
`;
}

function optionWords({ flags, description, value }: CompletedOption): string {
  const names = flags.map((flag) => (flag.startsWith('--') ? `-l ${flag.slice(2)}` : `-s ${flag.slice(1)}`));
  return [...names, ...(value ? ['-r', valueWords(value)] : []), '-d', quoted(description)].join(' ');
}

/** -F enables file names, which -f above disables for all. */
function valueWords(value: Value): string {
  if (value.kind === 'words') return `-a ${quoted(value.words.join(' '))}`;
  return { file: '-F', folder: `-a ${quoted('(__fish_complete_directories)')}`, any: '' }[value.kind];
}

const quoted = (text: string): string => `'${text.replace(/[\\']/g, '\\$&')}'`;
