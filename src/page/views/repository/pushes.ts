import type { Grid, GridNode, TagSummary } from '../../api/schema.generated.ts'

/** One tag as a push: what it brought that the one before did not have. Bytes are compressed. */
export interface Push {
  readonly tag: TagSummary
  /** Undefined when its layers are not known (an index of many platforms, or more tags than are asked for). */
  readonly fresh: number | undefined
  readonly reused: number | undefined
  /** None while they are not known, and for what is no image. */
  readonly platforms: readonly string[]
}

/** Tags in the order in which they were pushed, each compared with the one before. */
export function pushesOf(tags: readonly TagSummary[], grid: Grid | undefined): Push[] {
  const layers = grid === undefined ? new Map<string, Layers>() : layersByTag(grid)
  const platformOf = new Map(
    grid?.columns.map(({ tag, platform }) => [tag, platform === null ? [] : [platform]]),
  )
  const sorted = tags.toSorted((a, b) => (a.pushed < b.pushed ? -1 : a.pushed > b.pushed ? 1 : 0))
  let before: Layers | undefined
  return sorted.map((tag) => {
    const own = layers.get(tag.tag)
    const platforms = tag.platforms ?? platformOf.get(tag.tag) ?? []
    if (own === undefined) return { tag, fresh: undefined, reused: undefined, platforms }
    const known = before ?? new Map()
    const fresh = sum([...own].filter(([digest]) => !known.has(digest)))
    before = own
    return { tag, fresh, reused: sum([...own]) - fresh, platforms }
  })
}

type Layers = ReadonlyMap<string, number>

function layersByTag({ columns, roots }: Grid): Map<string, Layers> {
  const found = new Map<string, Layers>()
  const tagOf = new Map(columns.map(({ image, tag }) => [image, tag]))
  const walk = (node: GridNode, below: Layers): void => {
    const own = new Map([...below, [node.layer.digest, node.layer.size]])
    for (const image of node.images) {
      const tag = tagOf.get(image)
      if (typeof tag === 'string') found.set(tag, own)
    }
    for (const child of node.children) walk(child, own)
  }
  for (const root of roots) walk(root, new Map())
  return found
}

function sum(layers: readonly (readonly [string, number])[]): number {
  return layers.reduce((total, [, size]) => total + size, 0)
}
