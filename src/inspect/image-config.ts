import { z } from 'zod'
import { isObject } from '../oci/descriptor.ts'
import { type Digest, parseDigest } from '../oci/digest.ts'
import { nestsTooDeep } from '../oci/json-depth.ts'

/** One entry of a config's history, as far as it is usable. */
export interface HistoryEntry {
  readonly createdBy: string | undefined
  readonly comment: string | undefined
  readonly created: string | undefined
  readonly empty: boolean
}

/** What an image config says (image-spec "Image Configuration"); what is missing or of another type is left out. */
export interface ImageConfig {
  readonly os?: string | undefined
  readonly architecture?: string | undefined
  readonly variant?: string | undefined
  readonly created?: string | undefined
  readonly author?: string | undefined
  /** Its first entries. */
  readonly history: readonly HistoryEntry[]
  /** All of them. */
  readonly historyLength: number
  /** Undefined entries are no digests. */
  readonly diffIds: readonly (Digest | undefined)[]
  readonly run: RunConfig
}

/** Items of each kind that are kept of a config: 4 MiB have room for a million, and a history of 10,000 steps is shown. */
const ITEMS = 10_000
/** diff_ids that are kept: no manifest has room for as many layers. */
const DIFF_IDS = 50_000

function first(items: number) {
  return (value: unknown) => (Array.isArray(value) ? value.slice(0, items) : value)
}

function firstMembers(value: unknown): unknown {
  return isObject(value) ? Object.fromEntries(Object.entries(value).slice(0, ITEMS)) : value
}

const text = z.string().optional().catch(undefined)
const texts = z.preprocess(first(ITEMS), z.array(z.string()).optional().catch(undefined))
const flags = z
  .preprocess(firstMembers, z.record(z.string(), z.unknown()).optional().catch(undefined))
  .transform((value) => value && Object.keys(value))

/** What a container is started with. */
const runSchema = z
  .preprocess(
    (value) => (isObject(value) ? value : {}),
    z.object({
      Env: texts,
      Entrypoint: texts,
      Cmd: texts,
      WorkingDir: text,
      User: text,
      ExposedPorts: flags,
      Volumes: flags,
      Labels: z.preprocess(firstMembers, z.record(z.string(), z.string()).optional().catch(undefined)),
      StopSignal: text,
    }),
  )
  .transform((run) => ({
    env: run.Env,
    entrypoint: run.Entrypoint,
    cmd: run.Cmd,
    workingDir: run.WorkingDir,
    user: run.User,
    exposedPorts: run.ExposedPorts,
    volumes: run.Volumes,
    labels: run.Labels,
    stopSignal: run.StopSignal,
  }))
export type RunConfig = z.infer<typeof runSchema>

const history = z
  .object({ created_by: text, comment: text, created: text, empty_layer: z.boolean().catch(false) })
  .catch({ created_by: undefined, comment: undefined, created: undefined, empty_layer: false })
  .transform((entry) => ({
    createdBy: entry.created_by,
    comment: entry.comment,
    created: entry.created,
    empty: entry.empty_layer,
  }))

const configSchema = z.object({
  os: text,
  architecture: text,
  variant: text,
  created: text,
  author: text,
  history: z.preprocess(first(ITEMS), z.array(history).catch([])),
  rootfs: z
    .object({ diff_ids: z.preprocess(first(DIFF_IDS), z.array(z.unknown()).catch([])) })
    .catch({ diff_ids: [] }),
  config: runSchema,
})

/**
 * The config in `bytes`, or undefined when they are no JSON object, or nest as no config does: parsing that would hold up
 * everybody. Nothing in it is believed to be right.
 */
export function parseImageConfig(bytes: Uint8Array): ImageConfig | undefined {
  const value = parseJson(bytes)
  const parsed = configSchema.safeParse(value)
  if (!parsed.success) return undefined
  const all: unknown = isObject(value) ? value['history'] : undefined
  const { rootfs, config, ...rest } = parsed.data
  const diffIds = rootfs.diff_ids.map((id) => (typeof id === 'string' ? parseDigest(id) : undefined))
  return { ...rest, historyLength: Array.isArray(all) ? all.length : 0, diffIds, run: config }
}

function parseJson(bytes: Uint8Array): unknown {
  if (nestsTooDeep(bytes)) return undefined
  try {
    const value: unknown = JSON.parse(Buffer.from(bytes).toString())
    return value
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}
