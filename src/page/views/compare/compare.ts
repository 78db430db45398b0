import type { ImageView as Image } from '../../api/schema.generated.ts'

type Step = Image['steps'][number]
type Layer = NonNullable<Step['layer']>

/** Two images that are compared. */
export interface ImagePair {
  readonly a: Image
  readonly b: Image
}

/** As people call an image; by its digest when it has no tag. */
export function nameOf({ repository, tag, ref }: Image): string {
  return tag === null ? ref : `${repository}:${tag}`
}

/** Layers of two images by where they are. Bytes are compressed; the same content counts once. */
export interface LayerSplit {
  readonly shared: readonly Layer[]
  readonly onlyA: readonly Layer[]
  readonly onlyB: readonly Layer[]
}

/** Which layers two images share, by digest, wherever they stand. */
export function splitLayers(a: Image, b: Image): LayerSplit {
  const [ofA, ofB] = [layersOf(a), layersOf(b)]
  return {
    shared: [...ofA.values()].filter(({ digest }) => ofB.has(digest)),
    onlyA: [...ofA.values()].filter(({ digest }) => !ofB.has(digest)),
    onlyB: [...ofB.values()].filter(({ digest }) => !ofA.has(digest)),
  }
}

/** Bytes of some layers. */
export function bytesOf(layers: readonly Layer[]): number {
  return layers.reduce((sum, { size }) => sum + size, 0)
}

function layersOf({ steps }: Image): Map<string, Layer> {
  return new Map(steps.flatMap(({ layer }) => (layer === null ? [] : [[layer.digest, layer]])))
}

/** Two steps side by side; undefined where one image has nothing that fits. */
export interface Pair {
  readonly a: Step | undefined
  readonly b: Step | undefined
  /** `same`: the same layer or setting; `changed`: the same instruction with other bytes. */
  readonly how: 'same' | 'changed' | 'only-a' | 'only-b'
}

/** Aligns the steps of two images: as many equal instructions side by side as their order allows. */
export function alignSteps(a: readonly Step[], b: readonly Step[]): Pair[] {
  const lengths = commonLengths(a, b)
  const pairs: Pair[] = []
  let [i, j] = [0, 0]
  while (i < a.length || j < b.length) {
    const [left, right] = [a[i], b[j]]
    if (left !== undefined && right !== undefined && left.instruction === right.instruction) {
      pairs.push({ a: left, b: right, how: left.layer?.digest === right.layer?.digest ? 'same' : 'changed' })
      i += 1
      j += 1
    } else if (
      right === undefined ||
      (left !== undefined && at(lengths, i + 1, j) >= at(lengths, i, j + 1))
    ) {
      pairs.push({ a: left, b: undefined, how: 'only-a' })
      i += 1
    } else {
      pairs.push({ a: undefined, b: right, how: 'only-b' })
      j += 1
    }
  }
  return pairs
}

/** Pairs of positions that are compared: images have at most a few hundred steps, and nobody's browser dies of others. */
const PAIRS = 2_000_000

/** For each pair of positions, how many equal instructions can follow in order; nothing for too many. */
function commonLengths(a: readonly Step[], b: readonly Step[]): number[][] {
  if (a.length * b.length > PAIRS) return []
  const lengths: number[][] = Array.from({ length: a.length + 1 }, () =>
    Array.from({ length: b.length + 1 }, () => 0),
  )
  for (let i = a.length - 1; i >= 0; i -= 1)
    for (let j = b.length - 1; j >= 0; j -= 1) {
      const row = lengths[i]
      if (row === undefined) continue
      row[j] =
        a[i]?.instruction === b[j]?.instruction
          ? at(lengths, i + 1, j + 1) + 1
          : Math.max(at(lengths, i + 1, j), at(lengths, i, j + 1))
    }
  return lengths
}

function at(lengths: readonly (readonly number[])[], i: number, j: number): number {
  return lengths[i]?.[j] ?? 0
}

/** One line of the configurations that differs. */
export interface Difference {
  readonly name: string
  readonly a: string | undefined
  readonly b: string | undefined
}

/** What two configurations say differently; environment and labels by their names. */
export function configDifferences(a: Image['config'], b: Image['config']): Difference[] {
  const [left, right] = [facts(a), facts(b)]
  return [...new Set([...left.keys(), ...right.keys()])]
    .map((name) => ({ name, a: left.get(name), b: right.get(name) }))
    .filter((one) => one.a !== one.b)
}

function facts(config: Image['config']): Map<string, string> {
  if (config === null) return new Map()
  const plain: readonly (readonly [string, string | undefined])[] = [
    ['Entrypoint', words(config.entrypoint)],
    ['Command', words(config.cmd)],
    ['User', config.user],
    ['Working directory', config.workingDir],
    ['Stop signal', config.stopSignal],
    ...(config.exposedPorts ?? []).map((port) => [`Port ${port}`, 'exposed'] as const),
    ...(config.volumes ?? []).map((volume) => [`Volume ${volume}`, 'declared'] as const),
    ...(config.env ?? []).map(pairOf),
    ...Object.entries(config.labels ?? {}).map(([name, value]) => [`Label ${name}`, value] as const),
  ]
  return new Map(
    plain.flatMap(([name, value]) => (value === undefined || value === '' ? [] : [[name, value]])),
  )
}

function pairOf(text: string): readonly [string, string] {
  const equals = text.indexOf('=')
  return equals < 0 ? [`ENV ${text}`, '(empty)'] : [`ENV ${text.slice(0, equals)}`, text.slice(equals + 1)]
}

function words(list: readonly string[] | undefined): string | undefined {
  return list === undefined || list.length === 0 ? undefined : JSON.stringify(list)
}
