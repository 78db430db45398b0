import { argument, type Command, type Group, type Input, type Output } from './command.ts'
import { UsageError } from './failures.ts'
import { COMMON_OPTIONS } from './input.ts'

/** What makes shells complete the words of `groups`, all commands that there are. */
export function completionCommands(groups: readonly Group[]): readonly Command[] {
  return [
    {
      words: 'completion',
      arguments: ['SHELL'],
      summary: 'Print what makes bash, zsh or fish complete the words of this command.',
      details: `bash: source <(lamina completion bash)
zsh:  source <(lamina completion zsh), behind compinit
fish: lamina completion fish | source`,
      run: (input) => print(groups, input),
    },
  ]
}

const SHELLS = {
  bash,
  zsh: (words: Words) => `autoload -U +X bashcompinit && bashcompinit\n${bash(words)}`,
  fish,
}

/** What may follow, by what was typed after `lamina`: `''`, `user`, `user add`. */
type Words = ReadonlyMap<string, readonly string[]>

async function print(groups: readonly Group[], input: Input): Promise<Output> {
  const shell = argument(input, 0)
  if (shell !== 'bash' && shell !== 'zsh' && shell !== 'fish')
    throw new UsageError(`"${shell}" is not a shell that is known here; there are bash, zsh and fish.`)
  const script = SHELLS[shell](await wordsToFollow(groups))
  return { value: { shell, script }, text: script }
}

async function wordsToFollow(groups: readonly Group[]): Promise<Words> {
  const words = new Map<string, readonly string[]>([['', groups.map(({ name }) => name)]])
  for (const { name, load } of groups) {
    const all = await load()
    const verbs = all.map((command) => command.words.slice(name.length + 1)).filter((verb) => verb !== '')
    if (verbs.length > 0) words.set(name, verbs)
    for (const command of all) words.set(command.words, optionsOf(command))
  }
  return words
}

function optionsOf({ options }: Command): string[] {
  return Object.keys({ ...options, ...COMMON_OPTIONS }).map((name) => `--${name}`)
}

/** The longest known beginning of what was typed says what may follow. */
function bash(words: Words): string {
  const cases = [...words].map(([typed, next]) => `    '${typed}') next='${next.join(' ')}' ;;`)
  return `_lamina() {
  local next='' typed="\${COMP_WORDS[*]:1:COMP_CWORD-1}"
  case "$typed" in
${cases.join('\n')}
    *) case "\${COMP_WORDS[1]} \${COMP_WORDS[2]}" in
${[...words]
  .filter(([typed]) => typed.includes(' '))
  .map(([typed, next]) => `      '${typed}') next='${next.join(' ')}' ;;`)
  .join('\n')}
    esac ;;
  esac
  COMPREPLY=($(compgen -W "$next" -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -o default -F _lamina lamina`
}

function fish(words: Words): string {
  const lines = [...words].flatMap(([typed, next]) =>
    next.map((word) => `complete -c lamina ${fishCondition(typed)} -a '${word}'`),
  )
  return ['complete -c lamina -f', ...lines].join('\n')
}

function fishCondition(typed: string): string {
  return `-n 'test (string join " " (commandline -opc)[2..]) = "${typed}"'`
}
