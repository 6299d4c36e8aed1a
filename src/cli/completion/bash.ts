// Completion script for bash 3.2 (the version of macOS) and later.

import type { CompletedCommand, Value } from './describe.js';

/** The script, to be sourced. bash completes file names where it offers nothing. */
export function bashCompletion(commands: readonly CompletedCommand[]): string {
  const values = commands.flatMap(({ name, options }) =>
    options.flatMap(({ flags, value }) =>
      value ? [`    ${flags.map((flag) => `${name}:${flag}`).join(' | ')}) ${offer(value)}; return ;;`] : [],
    ),
  );
  const flags = commands.map(
    ({ name, options }) => `      ${name}) offered=${quoted(options.flatMap((option) => option.flags).join(' '))} ;;`,
  );
  const operands = commands.map(({ name, argument }) => `    ${name}) ${argument ? offer(argument) : NOTHING} ;;`);
  return `# steadyframe: completion for bash. Put it to use with:  source <(steadyframe completion bash)
_steadyframe() {
  local current=\${COMP_WORDS[COMP_CWORD]} before=\${COMP_WORDS[COMP_CWORD - 1]} command= offered= i
  COMPREPLY=()
  # --option=value comes as three words.
  if [[ $current == '=' ]]; then current=
  elif [[ $before == '=' ]]; then before=\${COMP_WORDS[COMP_CWORD - 2]}; fi
  for ((i = 1; i < COMP_CWORD; i++)); do
    if [[ \${COMP_WORDS[i]} != -* ]]; then command=\${COMP_WORDS[i]}; break; fi
  done
  case "$command:$before" in
${values.join('\n')}
  esac
  if [[ $current == -* ]]; then
    case "$command" in
${flags.join('\n')}
      *) offered='--version --help' ;;
    esac
    COMPREPLY=($(compgen -W "$offered" -- "$current"))
    return
  fi
  case "$command" in
    '') COMPREPLY=($(compgen -W ${quoted(commands.map(({ name }) => name).join(' '))} -- "$current")) ;;
${operands.join('\n')}
  esac
}
complete -o default -F _steadyframe steadyframe
`;
}

/** Disables file names. */
const NOTHING = 'compopt +o default 2>/dev/null';

function offer(value: Value): string {
  if (value.kind === 'file') return ':';
  if (value.kind === 'folder') return 'compopt -o dirnames +o default 2>/dev/null';
  if (value.kind === 'any') return NOTHING;
  return `${NOTHING}; COMPREPLY=($(compgen -W ${quoted(value.words.join(' '))} -- "$current"))`;
}

const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;
