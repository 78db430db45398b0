import type { Image } from './image.ts'
import type { InstructionClass } from './instruction.ts'
import { joinSteps, type LayerStep } from './steps.ts'

/** A layer in the grid: one box, as wide as the images that have it on the same layers below. */
export interface GridNode {
  readonly layer: LayerStep
  /** The first image that has it. */
  readonly column: number
  readonly instruction: string
  readonly class: InstructionClass
  /** Bytes of this box and all above. */
  readonly subtree: number
  /** Columns that end with this layer. */
  readonly images: readonly number[]
  readonly children: readonly GridNode[]
}

export interface Grid {
  /** Positions of the images in the order in which equal prefixes stand side by side. */
  readonly order: readonly number[]
  readonly roots: readonly GridNode[]
  readonly totals: GridTotals
}

/** Bytes are compressed ones; a digest that is in several boxes is stored, and counted, once. */
export interface GridTotals {
  readonly uniqueLayers: number
  readonly uniqueBytes: number
  readonly sumBytes: number
  readonly averageBytes: number
  readonly largestBytes: number
}

interface Building {
  readonly layer: LayerStep
  readonly column: number
  readonly instruction: string
  readonly class: InstructionClass
  readonly images: number[]
  readonly children: Map<string, Building>
}

/**
 * The prefix tree of the images' layer chains, by ChainID: images share a box exactly when they share the layer and all
 * below it. Children with most bytes come first, so the widest trunks stand to the left.
 */
export function makeGrid(images: readonly Image[]): Grid {
  const roots = new Map<string, Building>()
  for (const [column, image] of images.entries()) {
    let level = roots
    let last: Building | undefined
    for (const step of joinSteps(image.config, image.manifest.layers).steps) {
      const { layer } = step
      if (layer === undefined) continue
      const key = layer.chainId ?? `${column} ${layer.index}`
      last = level.get(key) ?? {
        layer,
        column,
        instruction: step.instruction,
        class: step.class,
        images: [],
        children: new Map(),
      }
      level.set(key, last)
      level = last.children
    }
    last?.images.push(column)
  }
  const tree = settle(roots)
  return { order: [...columns(tree), ...bare(images)], roots: tree, totals: totalsOf(images) }
}

/** Goes as deep as the images have layers: who asks bounds that. */
function settle(level: ReadonlyMap<string, Building>): GridNode[] {
  return [...level.values()]
    .map(settleOne)
    .sort((a, b) => b.subtree - a.subtree || (a.layer.descriptor.text < b.layer.descriptor.text ? -1 : 1))
}

function settleOne(node: Building): GridNode {
  const children = settle(node.children)
  const subtree = children.reduce((sum, child) => sum + child.subtree, node.layer.descriptor.size)
  const { layer, column, instruction, images } = node
  return { layer, column, instruction, class: node.class, subtree, images, children }
}

function columns(nodes: readonly GridNode[]): number[] {
  return nodes.flatMap((node) => [...node.images, ...columns(node.children)])
}

function bare(images: readonly Image[]): number[] {
  return images.flatMap(({ manifest }, column) => (manifest.layers.length === 0 ? [column] : []))
}

function totalsOf(images: readonly Image[]): GridTotals {
  const all = images.flatMap(({ manifest }) => manifest.layers)
  const sizes = [...new Map(all.map(({ text, size }) => [text, size])).values()]
  const sum = (numbers: readonly number[]) => numbers.reduce((total, one) => total + one, 0)
  return {
    uniqueLayers: sizes.length,
    uniqueBytes: sum(sizes),
    sumBytes: sum(all.map(({ size }) => size)),
    averageBytes: sizes.length === 0 ? 0 : Math.round(sum(sizes) / sizes.length),
    largestBytes: sizes.reduce((most, one) => Math.max(most, one), 0),
  }
}
