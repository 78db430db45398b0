import type { LayerEntry, MergedEntry } from '../../api/schema.generated.ts'
import { enter, type FilePath } from './file-path.ts'

/** What happened to an entry, as a character and in words. */
export type Mark = readonly [character: string, meaning: string, kind: MergedEntry['state']]

/** An entry of a directory as a list shows it. */
export interface EntryRow {
  readonly name: string
  readonly nameRaw?: string
  readonly type: LayerEntry['type']
  readonly mark: Mark
  /** Where its bytes are from, in words. */
  readonly whence: string
  /** Unpacked bytes; undefined for what has none. */
  readonly bytes: number | undefined
  readonly linkname: string | undefined
  readonly path: FilePath
  /** It can be entered. */
  readonly isDirectory: boolean
  /** The layer that a reader would see it from, from 0; undefined when it is neither file nor link. */
  readonly layer: number | undefined
  /** The step that wrote it last, from 1. */
  readonly step: number | undefined
}

const MARKS: Readonly<Record<MergedEntry['state'], readonly [character: string, meaning: string]>> = {
  added: ['+', 'added'],
  changed: ['~', 'changed'],
  metadata: ['·', 'owner, mode or date changed'],
  removed: ['−', 'removed'],
  same: ['', ''],
}

/** An entry of an image. What was removed is still in the layer before. */
export function rowOfMerged(directory: FilePath, entry: MergedEntry): EntryRow {
  const { name, nameRaw, type, state, size, shipped, layer, beforeLayer, step, linkname } = entry
  const gone = state === 'removed'
  const isDirectory = type === 'dir' && !gone
  return {
    name,
    ...(nameRaw !== undefined && { nameRaw }),
    type,
    mark: [...MARKS[state], state],
    whence: whenceOf(entry),
    // A directory weighs what its layers ship in it.
    bytes: type === 'dir' ? (shipped?.bytes ?? 0) : hasBytes(type) || gone ? size : undefined,
    linkname,
    path: enter(directory, entry),
    isDirectory,
    layer: opens(type) ? (gone ? beforeLayer : layer) : undefined,
    step: step === null ? undefined : step + 1,
  }
}

/** An entry of one layer. */
export function rowOfLayer(directory: FilePath, entry: LayerEntry): EntryRow {
  const { name, nameRaw, type, size, totals, linkname, flags = [] } = entry
  const hides = type === 'whiteout'
  return {
    name,
    ...(nameRaw !== undefined && { nameRaw }),
    type,
    mark: hides ? ['−', 'hides this name in the layers below', 'removed'] : ['', '', 'same'],
    whence: hides ? 'whiteout' : flags.filter((flag) => flag !== 'implied').join(', '),
    bytes: type === 'dir' ? (totals?.bytes ?? 0) : hasBytes(type) ? size : undefined,
    linkname,
    path: enter(directory, entry),
    isDirectory: type === 'dir',
    layer: opens(type) ? 0 : undefined,
    step: undefined,
  }
}

function hasBytes(type: LayerEntry['type']): boolean {
  return type === 'file' || type === 'hardlink'
}

function opens(type: LayerEntry['type']): boolean {
  return hasBytes(type) || type === 'symlink'
}

/** Steps count from 1 where people read them. */
function whenceOf({ state, step, beforeStep }: MergedEntry): string {
  const number = (value: number | null | undefined) => (typeof value === 'number' ? String(value + 1) : '?')
  if (state === 'removed')
    return beforeStep === undefined
      ? `gone in ${number(step)}`
      : `gone in ${number(step)}, still in ${number(beforeStep)} ⚠`
  return beforeStep === undefined ? number(step) : `${number(beforeStep)} → ${number(step)}`
}
