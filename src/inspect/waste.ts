import { pathOf } from './layer/index-entry.ts'
import type { IndexReader } from './layer/index-reader.ts'
import { type WalkedPath, walkImage } from './walk-image.ts'

/** Why bytes are shipped that nobody needs. */
export type WasteClass = 'overwritten' | 'deleted' | 'metadataOnly' | 'duplicate' | 'cache'

export interface WasteItem {
  /** Raw bytes (latin1). */
  readonly path: string
  readonly class: WasteClass
  readonly bytes: number
  readonly layers: readonly number[]
}

/** Bytes of regular files, unpacked. `score` and `diveScore` are from 0 to 1. */
export interface Waste {
  readonly shipped: number
  readonly visible: number
  readonly score: number
  /** As dive counts: by path, the smallest size ever against all sizes. */
  readonly diveScore: number
  readonly classes: Readonly<Record<WasteClass, number>>
  /** The worst, most bytes first. */
  readonly top: readonly WasteItem[]
  /** More different contents than are compared: duplicates are of the first ones. */
  readonly partial: boolean
}

const TOP = 100
/** Smaller files are not compared with each other: an inode costs as much. */
const DUPLICATE_FROM = 4096
const CONTENT_LIMIT = 200_000
const CACHES =
  /^(?:var\/cache\/|var\/lib\/apt\/lists\/|root\/\.cache\/|root\/\.npm\/|home\/[^/]+\/\.cache\/|tmp\/|usr\/local\/share\/\.cache\/)/

/** F9: what an image ships and its layers then hide, and what it ships twice, by content. */
export async function wasteOf(layers: readonly (IndexReader | undefined)[]): Promise<Waste> {
  const count = new WasteCount()
  for await (const walked of walkImage(layers)) count.add(walked)
  return count.result()
}

class WasteCount {
  #shipped = 0
  #visible = 0
  #smallest = 0
  readonly #classes = { overwritten: 0, deleted: 0, metadataOnly: 0, duplicate: 0, cache: 0 }
  #top: WasteItem[] = []
  readonly #contents = new Map<string, string>()

  add({ parent, name, entry, versions }: WalkedPath): void {
    const files = versions.filter((version) => version.entry.kind === 'file')
    if (files.length === 0) return
    const path = pathOf({ parent, name })
    const sizes = files.map((version) => version.entry.size)
    const sum = sizes.reduce((total, size) => total + size, 0)
    this.#shipped += sum
    this.#smallest += entry === undefined ? 0 : Math.min(...sizes)
    const shown = entry?.kind === 'file' ? entry : undefined
    if (shown !== undefined) {
      this.#visible += shown.size
      this.#addVisible(path, shown.size, shown.sha256?.toString('latin1'))
    }
    const hidden = files.filter(({ visible }) => !visible)
    const layers = files.map(({ layer }) => layer)
    for (const { entry: old } of hidden) {
      if (old.size === 0) continue
      const same = shown?.sha256 !== undefined && old.sha256?.equals(shown.sha256) === true
      const kind = shown === undefined ? 'deleted' : same ? 'metadataOnly' : 'overwritten'
      this.#item({ path, class: kind, bytes: old.size, layers })
    }
  }

  result(): Waste {
    this.#trim()
    const ratio = (part: number) => (this.#shipped === 0 ? 1 : part / this.#shipped)
    return {
      shipped: this.#shipped,
      visible: this.#visible,
      score: ratio(this.#visible - this.#classes.duplicate),
      diveScore: ratio(this.#smallest),
      classes: this.#classes,
      top: this.#top,
      partial: this.#contents.size >= CONTENT_LIMIT,
    }
  }

  #addVisible(path: string, size: number, content: string | undefined): void {
    if (CACHES.test(path) && size > 0) this.#item({ path, class: 'cache', bytes: size, layers: [] })
    if (content === undefined || size < DUPLICATE_FROM) return
    if (this.#contents.has(content)) this.#item({ path, class: 'duplicate', bytes: size, layers: [] })
    else if (this.#contents.size < CONTENT_LIMIT) this.#contents.set(content, path)
  }

  #item(item: WasteItem): void {
    this.#classes[item.class] += item.bytes
    this.#top.push(item)
    if (this.#top.length >= TOP * 20) this.#trim()
  }

  #trim(): void {
    this.#top = this.#top.sort((a, b) => b.bytes - a.bytes).slice(0, TOP)
  }
}
