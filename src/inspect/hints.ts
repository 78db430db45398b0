import { type SecretKind, secretKindOf, secretNamesIn } from './hint-rules.ts'
import type { Image } from './image.ts'
import { pathOf } from './layer/index-entry.ts'
import type { IndexReader } from './layer/index-reader.ts'
import { joinSteps } from './steps.ts'
import { walkImage } from './walk-image.ts'

export type FileHintKind = SecretKind | 'setuid' | 'world-writable'

/** A file that deserves a look. */
export interface FileHint {
  readonly kind: FileHintKind
  /** Raw bytes (latin1). */
  readonly path: string
  /** Layers that ship it, from 0 at the base. */
  readonly layers: readonly number[]
  /** A later layer hides it: whoever pulls the image has it all the same. */
  readonly hidden: boolean
}

/** Something that a step or the environment says, by name alone. */
export interface WordHint {
  readonly name: string
  /** From 1; undefined for the environment that containers are started with. */
  readonly step: number | undefined
}

export interface FileHints {
  readonly hints: readonly FileHint[]
  /** More than are given. */
  readonly more: boolean
}

/** Hints of one kind that are given. */
const SHOWN = 100

const SETUID = 0o4000
const SETGID = 0o2000
const GROUP_EXECUTES = 0o010
const STICKY = 0o1000
const OTHERS_WRITE = 0o002

/** F20: what looks like a secret, also when a later layer removed it, and what has rights that surprise. */
export async function fileHintsOf(layers: readonly (IndexReader | undefined)[]): Promise<FileHints> {
  const hints = new Map<FileHintKind, FileHint[]>()
  let more = false
  for await (const { parent, name, entry, versions } of walkImage(layers)) {
    const path = pathOf({ parent, name })
    const shipped = versions.filter((version) => version.entry.kind === 'file')
    const secret = shipped.length === 0 ? undefined : secretKindOf(path)
    const kind = secret ?? (entry && surpriseIn(entry))
    if (kind === undefined) continue
    const known = hints.get(kind) ?? []
    hints.set(kind, known)
    if (known.length === SHOWN) more = true
    else known.push({ kind, path, layers: versions.map(({ layer }) => layer), hidden: entry === undefined })
  }
  return { hints: [...hints.values()].flat(), more }
}

function surpriseIn({
  kind,
  mode,
}: {
  readonly kind: string
  readonly mode: number
}): FileHintKind | undefined {
  if (kind === 'file' && ((mode & SETUID) !== 0 || ((mode & SETGID) !== 0 && (mode & GROUP_EXECUTES) !== 0)))
    return 'setuid'
  const isOpen = (mode & OTHERS_WRITE) !== 0
  return isOpen && (kind === 'file' || (kind === 'dir' && (mode & STICKY) === 0))
    ? 'world-writable'
    : undefined
}

/** Secrets that the history or the environment of an image tells whoever may pull it. */
export function wordHintsOf({
  config,
  manifest,
}: {
  readonly config: Image['config']
  readonly manifest: Pick<Image['manifest'], 'layers'>
}): WordHint[] {
  const { steps } = joinSteps(config, manifest.layers)
  const said = steps.flatMap(({ createdBy }, index) =>
    secretNamesIn(createdBy ?? '').map((name) => ({ name, step: index + 1 })),
  )
  const told = new Set(said.map(({ name }) => name))
  const set = secretNamesIn((config?.run.env ?? []).map((line) => quoted(line)).join('\n'))
  return [...said, ...set.filter((name) => !told.has(name)).map((name) => ({ name, step: undefined }))]
}

/** As a step would write it: a value may hold anything. */
function quoted(line: string): string {
  const at = line.indexOf('=')
  return `${line.slice(0, at)}="${line.slice(at + 1).replaceAll('"', '')}"`
}
