import type { Logger } from 'pino'
import { makeDirectory } from '../storage/make-directory.ts'
import { ConfigError } from './config/config-error.ts'
import { configOf } from './config/load.ts'
import type { Config } from './config/schema.ts'
import { FollowedStore } from './events/followed-store.ts'
import type { MigrationPort } from './http/api/migration.ts'
import type { ReadinessCheck } from './http/health.ts'
import { StartError } from './http/start-error.ts'
import { arrive, readDeparture, UnfinishedTarget } from './maintenance/migration/marks.ts'
import { Migration } from './maintenance/migration/migration.ts'
import type { Place } from './maintenance/migration/place.ts'
import { RegistryError } from './oci/registry-error.ts'

/** Opens the stores that a configuration names. */
type OpenStores = (config: Config, log: Logger) => Promise<OpenedStores>

/** Stores, and what /readyz asks beside them. */
export interface OpenedStores extends Place {
  readonly checks: readonly ReadinessCheck[]
}

/** The stores as everything writes to them, and the move to others. */
export interface Movable {
  readonly stores: OpenedStores
  readonly migration: MigrationPort
  /** Ends a move that is under way; it goes on when it is asked for again. */
  stop(): Promise<void>
}

/** Opens the registry's stores. Throws StartError when they are the target of a move that is not complete. */
export async function openMovable(open: OpenStores, config: Config, log: Logger): Promise<Movable> {
  const opened = await open(config, log)
  try {
    await arrive(opened.metadata)
    const departure = await readDeparture(opened.metadata)
    const fenced = departure?.phase === 'moved'
    if (fenced) log.warn({ target: departure.target }, 'this registry has moved; it takes no writes here')
    const metadata = new FollowedStore(opened.metadata, { following: departure !== undefined, fenced })
    const stores = { ...opened, metadata }
    const onError = (error: unknown) => log.error({ err: error }, 'the move to other stores stopped')
    const migration = new Migration({ source: stores, departure, now: Date.now, onError })
    return {
      stores,
      migration: {
        state: () => migration.state,
        start: async (settings) => {
          refuseShared(config)
          await migration.start(() => openTarget(open, { settings, own: config, log }))
        },
        cancel: () => migration.cancel(),
      },
      stop: () => migration.stop(),
    }
  } catch (error) {
    await opened.blobs.close()
    await opened.metadata.close()
    if (error instanceof UnfinishedTarget) throw new StartError(error.message, { cause: error })
    throw error
  }
}

/** Throws REQUEST_INVALID when the settings, or the stores that they name, are not right. */
async function openTarget(
  open: OpenStores,
  asked: { readonly settings: Readonly<Record<string, string>>; readonly own: Config; readonly log: Logger },
) {
  const { settings, own, log } = asked
  try {
    const config = configOf(settings)
    if (own.secret !== undefined && config.secret !== own.secret)
      throw new ConfigError([
        'secret must be the one of this server: the signing keys that move along are sealed with it.',
      ])
    await makeDirectory(config.data, 0o700)
    const { metadata, blobs } = await open(config, log)
    const close = async (): Promise<void> => {
      await blobs.close()
      await metadata.close()
    }
    return { metadata, blobs, name: nameOf(config), close }
  } catch (cause) {
    if (cause instanceof ConfigError || cause instanceof StartError)
      throw new RegistryError('REQUEST_INVALID', { message: cause.message, cause })
    throw cause
  }
}

/** A commit knows that it is followed from the memory of its own process. */
function refuseShared({ metadata }: Config): void {
  if (metadata !== 'level')
    throw new RegistryError('CONFLICT', {
      message:
        'This registry keeps its records in PostgreSQL, which several servers write to; move those with the tools of PostgreSQL, and a bucket with those of its S3.',
    })
}

/** What the stores are, without secrets. */
function nameOf({ metadata, blobs, data }: Config): string {
  const url = URL.parse(metadata)
  const records = url === null ? data : `postgres://${url.host}${url.pathname}`
  return blobs.kind === 'filesystem' ? records : `${records} and s3://${blobs.bucket}/${blobs.prefix}`
}
