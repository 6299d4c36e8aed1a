// Completion script for zsh: a file _steadyframe in a folder of $fpath, or sourced after compinit.

import type { CompletedCommand, CompletedOption, Value } from './describe.js';

/** The script. */
export function zshCompletion(commands: readonly CompletedCommand[]): string {
  const list = commands.map(({ name, description }) => `    ${quoted(`${name}:${description}`)}`);
  const cases = commands.map(({ name, options, argument }) => {
    const specs = [...options.map(optionSpec), ...(argument ? [quoted(`*:${name}:${action(argument)}`)] : [])];
    return `    ${name}) _arguments -s : ${specs.join(' \\\n      ')} ;;`;
  });
  return `#compdef steadyframe
# steadyframe: completion for zsh. Write it as _steadyframe into a folder of $fpath, or put it to use with:
#   source <(steadyframe completion zsh)
_steadyframe() {
  local -a commands
  commands=(
${list.join('\n')}
  )
  if (( CURRENT == 2 )); then
    if [[ $PREFIX == -* ]]; then _arguments : '--version[print the version]' '--help[print this help]'
    else _describe command commands; fi
    return
  fi
  local command=$words[2]
  shift words
  (( CURRENT-- ))
  case $command in
${cases.join('\n')}
  esac
}
if [[ $funcstack[1] == _steadyframe ]]; then _steadyframe "$@"; else compdef _steadyframe steadyframe; fi
`;
}

function optionSpec({ flags, description, value }: CompletedOption): string {
  const told = `[${escaped(description)}]`;
  const after = value ? `:value:${action(value)}` : '';
  if (flags.length === 1) return quoted(`*${flags[0]}${told}${after}`);
  return `{${flags.map((flag) => quoted(`*${flag}`)).join(',')}}${quoted(`${told}${after}`)}`;
}

function action(value: Value): string {
  if (value.kind === 'words') return `(${value.words.join(' ')})`;
  return { file: '_files', folder: '_files -/', any: ' ' }[value.kind];
}

/** Escapes brackets and colons, which have a meaning in zsh's descriptions. */
const escaped = (text: string): string => text.replace(/[\\[\]:]/g, '\\$&');
const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;
