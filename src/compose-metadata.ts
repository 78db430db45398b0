import { join } from 'node:path'
import type { Logger } from 'pino'
import { openLevelMetadataStore } from '../storage/metadata/level/level-metadata-store.ts'
import type { MetadataStore } from '../storage/metadata/metadata-store.ts'
import { StoreDamaged, StoreUnavailable } from '../storage/store-errors.ts'
import type { TraceContext } from '../storage/trace-context.ts'
import type { Config } from './config/schema.ts'
import { clockCheck } from './http/clock-check.ts'
import type { ReadinessCheck } from './http/health.ts'
import { StartError } from './http/start-error.ts'
import { sameRegistry } from './maintenance/same-registry.ts'
import { isShortLived } from './records/short-lived.ts'

export interface OpenedMetadata {
  readonly metadata: MetadataStore
  /** What /readyz asks beside. */
  readonly checks: readonly ReadinessCheck[]
}

type Notice = (sentence: string, cause?: unknown) => void

/** Opens the records that the configuration names. Throws StartError with a sentence that names the setting. */
export async function openMetadata(
  config: Config,
  log: Logger,
  traceparent?: TraceContext,
): Promise<OpenedMetadata> {
  const notice: Notice = (sentence, cause) => log.warn({ err: cause }, sentence)
  try {
    if (config.metadata !== 'level') return await openPostgres({ url: config.metadata, notice, traceparent })
    const directory = join(config.data, 'metadata')
    return { metadata: await openLevelMetadataStore({ directory, notice }), checks: [] }
  } catch (error) {
    if (error instanceof StoreDamaged) throw damaged(config, error)
    if (!(error instanceof StoreUnavailable)) throw error
    const hint = `. ${config.metadata === 'level' ? 'LAMINA_DATA names its place' : 'LAMINA_METADATA names it'}.`
    throw new StartError(`${error.message}${hint}`, { cause: error })
  }
}

function damaged({ data }: Config, error: StoreDamaged): StartError {
  const directory = join(data, 'metadata')
  return new StartError(
    `The records of the registry are damaged: ${error.message}. Nothing was changed. Put the files back if they are elsewhere; else move ${directory} away: \`lamina restore --from-damaged DIR\` takes out of it what can be read, \`lamina restore --from-store\` brings back the newest snapshot of the records that lies with the blobs, or, with an empty LAMINA_DATA, \`lamina restore --from DIR\` a backup.`,
    { cause: error },
  )
}

async function openPostgres(asked: {
  readonly url: string
  readonly notice: Notice
  readonly traceparent: TraceContext | undefined
}): Promise<OpenedMetadata> {
  // Only who uses it pays for the library.
  const { openPostgresMetadataStore } = await import(
    '../storage/metadata/postgres/postgres-metadata-store.ts'
  )
  const metadata = await openPostgresMetadataStore({ ...asked, isQueue: isShortLived })
  const checkRecords = sameRegistry(metadata)
  // Whose they are is known from now on, whenever /readyz is asked for the first time.
  await checkRecords()
  return { metadata, checks: [clockCheck(() => metadata.clockAhead()), checkRecords] }
}
