import type { IndexState } from '../../api/schema.generated.ts'

/** Milliseconds until a layer that is being indexed is asked for again. */
export const PATIENCE = 2000

const TEXTS: Readonly<Record<IndexState, string>> = {
  none: 'waits to be indexed',
  queued: 'waits to be indexed',
  running: 'is being indexed',
  done: 'is indexed',
  unsupported: 'is no archive of files that can be read',
  'too-large': 'is beyond the limits of the index',
  damaged: 'is damaged',
}

/** How far the look into a layer is, as the end of a sentence. */
export function stateText(state: IndexState): string {
  return TEXTS[state]
}

/** Whether its files will come. */
export function isPending(state: IndexState): boolean {
  return state === 'none' || state === 'queued' || state === 'running'
}

/** A layer whose files are not, or not all, in an answer: from 0 at the base. */
export interface MissingLayer {
  readonly layer: number
  readonly state: IndexState
}

/** An image, as far as it is asked. */
interface Layers {
  readonly steps: readonly {
    readonly layer: {
      readonly index: number
      readonly external: boolean
      readonly state: IndexState
    } | null
  }[]
}

/** Whether the files of a layer will come: those of one whose bytes are kept elsewhere never do. */
export function isComing(image: Layers, { layer, state }: MissingLayer): boolean {
  return isPending(state) && !isElsewhere(image, layer)
}

/** Whether files of an image will come, of its layers up to one of them. */
export function areComing(image: Layers, upto = Infinity): boolean {
  return image.steps.some(
    ({ layer }) =>
      layer !== null && layer.index <= upto && isComing(image, { layer: layer.index, state: layer.state }),
  )
}

/** How far the look into a layer of an image is, as a sentence without its end. */
export function missingText(image: Layers, { layer, state }: MissingLayer, of = ''): string {
  return `layer ${layer + 1}${of} ${isElsewhere(image, layer) ? 'is kept elsewhere' : stateText(state)}`
}

function isElsewhere({ steps }: Layers, at: number): boolean {
  return steps.some(({ layer }) => layer?.index === at && layer.external)
}
