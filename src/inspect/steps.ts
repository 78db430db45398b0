import type { Descriptor } from '../oci/descriptor.ts'
import type { Digest } from '../oci/digest.ts'
import { chainIds } from './chain.ts'
import type { ImageConfig } from './image-config.ts'
import { type Instruction, type InstructionClass, readInstruction, UNKNOWN } from './instruction.ts'

/** Steps that are shown of a config with a longer history, and layers of which it says nothing. */
const STEP_LIMIT = 10_000

/** A layer at its place in an image. Sizes are bytes; `cumulative` counts this layer and all below. */
export interface LayerStep {
  /** From 0, in the order of the manifest. */
  readonly index: number
  readonly descriptor: Descriptor
  readonly diffId: Digest | undefined
  readonly chainId: Digest | undefined
  readonly cumulative: number
}

/** One build step: its instruction, and the layer that it made, if any. */
export interface Step {
  readonly instruction: string
  readonly class: InstructionClass
  readonly createdBy: string | undefined
  readonly created: string | undefined
  readonly comment: string | undefined
  readonly layer: LayerStep | undefined
}

export interface Steps {
  readonly steps: readonly Step[]
  readonly warnings: readonly string[]
}

/**
 * Joins a config's history to the layers of its manifest (image-spec "history": "empty_layer … is used to mark if the
 * history item created a filesystem diff"). Neither is believed: layers without a word get an unknown instruction, and
 * words without a layer are flagged.
 */
export function joinSteps(config: ImageConfig | undefined, layers: readonly Descriptor[]): Steps {
  const warnings = mismatches(config, layers)
  const ready = layerSteps(config, layers)
  const history = config?.history ?? []
  const steps: Step[] = []
  let next = 0
  for (const entry of history.slice(0, STEP_LIMIT)) {
    const { empty, ...said } = entry
    const layer = empty ? undefined : ready[next]
    if (!empty) next += 1
    const { text, class: kind } = readInstruction(entry.createdBy, empty, entry.comment)
    steps.push({ instruction: text, class: kind, ...shown(said), layer })
  }
  for (const layer of ready.slice(next, next + STEP_LIMIT)) {
    const { text, class: kind } = unsaid(layer.descriptor)
    steps.push({
      instruction: text,
      class: kind,
      createdBy: undefined,
      created: undefined,
      comment: undefined,
      layer,
    })
  }
  return { steps, warnings }
}

/** Types of layers that are unpacked for containers to run in. */
const ROOT_FILES = /image\.(?:layer|rootfs)\b/

/** What no history speaks of: files of an artifact have names, or at least a type. */
function unsaid({ title, mediaType }: Descriptor): Instruction {
  const text = title ?? (ROOT_FILES.test(mediaType) ? '' : mediaType)
  return text === '' ? UNKNOWN : { text: text.slice(0, SHOWN), class: 'files' }
}

/** Characters of what a builder wrote that are passed on. */
const SHOWN = 4096

function shown(said: {
  createdBy: string | undefined
  created: string | undefined
  comment: string | undefined
}) {
  return {
    createdBy: said.createdBy?.slice(0, SHOWN),
    created: said.created?.slice(0, 64),
    comment: said.comment?.slice(0, SHOWN),
  }
}

/** The layers with their place in the chain. */
export function layerSteps(config: ImageConfig | undefined, layers: readonly Descriptor[]): LayerStep[] {
  const diffIds = layers.map((_, index) => config?.diffIds[index])
  const chain = chainIds(diffIds)
  let cumulative = 0
  return layers.map((descriptor, index) => {
    cumulative += descriptor.size
    return { index, descriptor, diffId: diffIds[index], chainId: chain[index], cumulative }
  })
}

function mismatches(config: ImageConfig | undefined, layers: readonly Descriptor[]): string[] {
  if (config === undefined) return ['the config is no image config, so nothing is known of the build']
  const { history, historyLength, diffIds } = config
  const made = history.filter(({ empty }) => !empty).length
  return [
    ...(diffIds.length === layers.length
      ? []
      : [`diff_ids in the config: ${diffIds.length}; layers in the manifest: ${layers.length}`]),
    ...(made > layers.length ? [`layers in the history: ${made}; in the manifest: ${layers.length}`] : []),
    ...(historyLength > STEP_LIMIT
      ? [`the history has ${historyLength} steps; the first ${STEP_LIMIT} are shown`]
      : []),
    ...(layers.length - Math.min(made, layers.length) > STEP_LIMIT
      ? [`layers in the manifest: ${layers.length}; the first ${made + STEP_LIMIT} are shown`]
      : []),
  ]
}
