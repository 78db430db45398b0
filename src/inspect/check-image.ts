import type { WasteClass } from './waste.ts'

/** What an image must keep to; sizes are bytes. */
export interface ImageRules {
  /** From 0 to 1. */
  readonly minScore?: number | undefined
  /** Unpacked, of files that nobody sees, or sees twice. */
  readonly maxWasted?: number | undefined
  /** Compressed, of all layers. */
  readonly maxSize?: number | undefined
  readonly maxLayers?: number | undefined
  /** Patterns of paths; `*` stands for any characters, `/` too. */
  readonly forbid: readonly string[]
}

export interface BrokenRule {
  readonly rule: keyof ImageRules
  readonly limit: number | string
  readonly found: number | string
}

/** What rules are held against. */
export interface Measured {
  readonly size: number
  readonly layers: number
  /** Absent when no rule asks for it. */
  readonly waste?: Wasted | undefined
  /** Raw bytes (latin1). */
  readonly paths: readonly ForbiddenPath[]
}

interface Wasted {
  readonly shipped: number
  readonly visible: number
  readonly score: number
  readonly classes: Readonly<Record<WasteClass, number>>
}

/** A path that a pattern forbids. */
export interface ForbiddenPath {
  readonly pattern: string
  readonly path: string
}

/** F10: the rules that an image does not keep, in the order in which they stand above. */
export function brokenRules(rules: ImageRules, { size, layers, waste, paths }: Measured): BrokenRule[] {
  const { minScore, maxWasted, maxSize, maxLayers } = rules
  const broken: BrokenRule[] = []
  const atMost = (rule: keyof ImageRules, limit: number | undefined, found: number) => {
    if (limit !== undefined && found > limit) broken.push({ rule, limit, found })
  }
  if (minScore !== undefined && waste !== undefined && waste.score < minScore)
    broken.push({ rule: 'minScore', limit: minScore, found: waste.score })
  if (waste !== undefined)
    atMost('maxWasted', maxWasted, waste.shipped - waste.visible + waste.classes.duplicate)
  atMost('maxSize', maxSize, size)
  atMost('maxLayers', maxLayers, layers)
  for (const { pattern, path } of paths) broken.push({ rule: 'forbid', limit: pattern, found: path })
  return broken
}
