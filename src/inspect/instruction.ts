/** What an instruction is about; the same five classes everywhere. */
export type InstructionClass = 'base' | 'files' | 'run' | 'settings' | 'start'

/** Characters of an instruction that are shown: some carry whole scripts. */
const SHOWN = 4096

const CLASSES: Readonly<Record<string, InstructionClass>> = {
  FROM: 'base',
  MAINTAINER: 'base',
  ONBUILD: 'base',
  COPY: 'files',
  ADD: 'files',
  RUN: 'run',
  ENV: 'settings',
  ARG: 'settings',
  USER: 'settings',
  WORKDIR: 'settings',
  VOLUME: 'settings',
  LABEL: 'settings',
  SHELL: 'settings',
  STOPSIGNAL: 'settings',
  ENTRYPOINT: 'start',
  CMD: 'start',
  EXPOSE: 'start',
  HEALTHCHECK: 'start',
}

/** An instruction as a Dockerfile would have it. */
export interface Instruction {
  readonly text: string
  readonly class: InstructionClass
}

/**
 * Reads `created_by` of a history entry: the classic builder wrote shell lines with a `#(nop)` mark, BuildKit writes
 * Dockerfile lines with a trailing comment, other tools write anything, or a comment alone (`docker build --squash`,
 * `docker import`, Nix). `empty`: the entry made no layer.
 */
export function readInstruction(createdBy: string | undefined, empty: boolean, comment = ''): Instruction {
  const raw = (createdBy ?? '').slice(0, SHOWN).trim()
  const said = comment.slice(0, SHOWN).trim()
  if (raw === '' && said !== '' && !empty) return { text: said, class: 'files' }
  if (raw === '') return empty ? { text: 'FROM scratch', class: 'base' } : UNKNOWN
  const marked = raw.indexOf('#(nop)')
  if (marked >= 0) return classified(tidy(raw.slice(marked + '#(nop)'.length).trim()))
  const line = raw.replace(/ # buildkit$/, '')
  const shell = /^(?:\|\d+ .*?)?\/bin\/(?:ba)?sh (?:-\w+ )*-c (.*)$/s.exec(line)
  if (shell !== null) return { text: `RUN ${(shell[1] ?? '').trim()}`, class: 'run' }
  const run = /^RUN (?:\|\d+ .*? )?\/bin\/(?:ba)?sh (?:-\w+ )*-c (.*)$/s.exec(line)
  if (run !== null) return { text: `RUN ${(run[1] ?? '').trim()}`, class: 'run' }
  return classified(tidy(line))
}

/** For a layer that the history says nothing of. */
export const UNKNOWN: Instruction = { text: 'unknown instruction', class: 'base' }

function classified(text: string): Instruction {
  // A comment of a Dockerfile is what makers of base images write: `# debian.sh --arch …`.
  if (text.startsWith('# ')) return { text, class: 'base' }
  const word = /^[A-Z]+(?=\s)/.exec(text)?.[0]
  return { text, class: (word === undefined ? undefined : CLASSES[word]) ?? 'run' }
}

/** Go prints a list of strings without commas; a Dockerfile has them. */
const LIST = /^(CMD|ENTRYPOINT|SHELL|VOLUME) \[((?:"(?:[^"\\]|\\.)*" ?)*)\]$/s
const BETWEEN = /("(?:[^"\\]|\\.)*") /g

/** Both builders print Go maps of ports, and the classic one lists of strings, and digests of build contexts. */
function tidy(text: string): string {
  return text
    .replace(
      /^(EXPOSE) map\[(.*)\]$/,
      (_, word: string, ports: string) => `${word} ${ports.replaceAll(':{}', '')}`,
    )
    .replace(LIST, (_, word: string, list: string) => `${word} [${list.replaceAll(BETWEEN, '$1, ')}]`)
    .replace(/^(COPY|ADD) (?:file|dir|multi):[0-9a-f]{64} in (.*)$/, '$1 … $2')
    .trim()
}
