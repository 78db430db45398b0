import { StoreDamaged } from '../../store-errors.ts'
import { MetadataConflict } from '../metadata-store.ts'
import type { GroupBase } from './group-base.ts'
import type { LevelOperation } from './level-database.ts'
import type { PreparedCheck, PreparedCommit, PreparedRangeCheck } from './prepared-commit.ts'
import { sealFrame } from './value-frame.ts'
import { WrittenRanges } from './written-ranges.ts'

/** The database as it will be once the commits accepted so far are written: each next commit is checked against it. */
export class Overlay {
  readonly operations: LevelOperation[] = []
  readonly #base: GroupBase
  readonly #ranges: WrittenRanges
  /** Versions by key; undefined: deleted in this group. */
  readonly #written = new Map<string, bigint | undefined>()
  #counter: bigint

  constructor(base: GroupBase, counter: bigint) {
    this.#base = base
    this.#ranges = new WrittenRanges([...base.ranges.keys()].map(({ text }) => text))
    this.#counter = counter
  }

  /** Texts of the keys that change, and of those among them that hold nothing then. */
  get changed(): readonly string[] {
    return [...this.#written.keys()]
  }

  get gone(): readonly string[] {
    return [...this.#written].flatMap(([text, version]) => (version === undefined ? [text] : []))
  }

  /** The last version given out. */
  get counter(): bigint {
    return this.#counter
  }

  /** Takes `commit` in. Throws MetadataConflict, or StoreDamaged for a record it checks, having changed nothing. */
  accept(commit: PreparedCommit): void {
    for (const check of commit.checks) {
      if (!this.#holds(check)) throw new MetadataConflict(`the ${check.kind} check of a key does not hold`)
    }
    for (const { key, text, frame } of commit.sets) {
      this.#counter += 1n
      sealFrame(key, frame, this.#counter)
      this.#note(text, this.#counter)
      this.operations.push({ type: 'put', key, value: frame })
    }
    for (const { key, text } of commit.deletes) {
      this.#note(text, undefined)
      this.operations.push({ type: 'del', key })
    }
  }

  #note(text: string, version: bigint | undefined): void {
    this.#written.set(text, version)
    this.#ranges.note(text, version)
  }

  #holds(check: PreparedCheck): boolean {
    if (check.kind === 'range') return this.#rangeHolds(check)
    const version = this.#versionOf(check.text)
    return check.kind === 'exists' ? version !== undefined : version === check.version
  }

  #versionOf(text: string): bigint | undefined {
    return this.#written.has(text) ? this.#written.get(text) : sound(this.#base.versions.get(text))
  }

  #rangeHolds(check: PreparedRangeCheck): boolean {
    const now = new Map(this.#base.ranges.get(check))
    for (const [text, version] of this.#ranges.in(check.text)) {
      if (version === undefined) now.delete(text)
      else now.set(text, version)
    }
    if (now.size !== check.entries.size) return false
    return [...now].every(([text, version]) => sound(version) === check.entries.get(text))
  }
}

function sound(version: bigint | StoreDamaged | undefined): bigint | undefined {
  if (version instanceof StoreDamaged) throw version
  return version
}
