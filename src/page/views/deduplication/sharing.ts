import type { Grid, GridNode } from '../../api/schema.generated.ts'

/** A layer with the repositories that have it. Bytes are compressed. */
export interface SharedLayer {
  readonly digest: string
  readonly size: number
  readonly instruction: string
  readonly repositories: readonly string[]
  /** Images among those looked at. */
  readonly images: number
}

/** Layers that more than one image has, those that save most first. */
export function sharedLayers({ columns, roots }: Grid): SharedLayer[] {
  const repositoryOf = new Map(columns.map(({ image, repository }) => [image, repository]))
  const found = new Map<string, { node: GridNode; images: Set<number> }>()
  const walk = (node: GridNode): number[] => {
    const images = [...node.images, ...node.children.flatMap(walk)]
    const known = found.get(node.layer.digest) ?? { node, images: new Set<number>() }
    for (const image of images) known.images.add(image)
    found.set(node.layer.digest, known)
    return images
  }
  for (const root of roots) walk(root)
  return [...found.values()]
    .filter(({ images }) => images.size > 1)
    .map(({ node, images }) => ({
      digest: node.layer.digest,
      size: node.layer.size,
      instruction: node.instruction,
      repositories: [...new Set([...images].flatMap((image) => repositoryOf.get(image) ?? []))].toSorted(),
      images: images.size,
    }))
    .toSorted((a, b) => b.size * (b.images - 1) - a.size * (a.images - 1))
}

/** Two repositories and the bytes of layers that both have. */
export interface SharedPair {
  readonly a: string
  readonly b: string
  readonly bytes: number
}

/** Which repositories share how much with which, most first. */
export function sharedPairs(layers: readonly SharedLayer[]): SharedPair[] {
  const pairs = new Map<string, SharedPair>()
  for (const { repositories, size } of layers)
    for (const [index, a] of repositories.entries())
      for (const b of repositories.slice(index + 1)) {
        const key = `${a} ${b}`
        pairs.set(key, { a, b, bytes: (pairs.get(key)?.bytes ?? 0) + size })
      }
  return [...pairs.values()].toSorted((x, y) => y.bytes - x.bytes)
}
