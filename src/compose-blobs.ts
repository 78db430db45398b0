import { randomUUID } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import type { BlobStore } from '../storage/blobs/blob-store.ts'
import type { S3Settings } from '../storage/blobs/s3/settings.ts'
import type { MetadataStore } from '../storage/metadata/metadata-store.ts'
import { transact } from '../storage/metadata/transact.ts'
import type { TraceContext } from '../storage/trace-context.ts'
import { type Claim, openDirectory } from './compose-directory.ts'
import type { Config } from './config/schema.ts'
import { StartError } from './http/start-error.ts'
import { startsOf } from './maintenance/starts.ts'
import { holdsBlobs, isUnused } from './maintenance/unused.ts'
import { clusterCodec } from './records/cluster.ts'
import { keys } from './records/keys.ts'
import { systemCode } from './system-code.ts'

/** A start that uses a bucket removes nothing for so long: somebody else there would have shown by then. */
const SETTLE_MS = 180_000

/** Opens the blob store that the configuration names. Throws StartError with a sentence that names the setting. */
export async function openBlobs(
  config: Config,
  metadata: MetadataStore,
  {
    claim = 'own',
    begun,
    traceparent,
    notice = () => undefined,
  }: {
    readonly claim?: Claim | undefined
    /** What beginDirectory gave before the metadata store was opened. */
    readonly begun?: Promise<BlobStore> | undefined
    readonly traceparent?: TraceContext | undefined
    /** Hears of what an operator has to know, one sentence each. */
    readonly notice?: (sentence: string, cause: unknown) => void
  } = {},
): Promise<BlobStore> {
  const cluster = await clusterId(metadata)
  if (config.blobs.kind === 'filesystem')
    return openDirectory(config, { metadata, cluster }, { claim, begun })
  // Only who has an S3 pays for its SDK.
  const { openS3BlobStore, S3StartFailed } = await import('../storage/blobs/s3/open-s3.ts')
  try {
    const blobs = claim === 'own' ? await expectedBlobs(metadata) : 'any'
    const settings = { ...(await s3Settings(config, config.blobs)), traceparent }
    return await openS3BlobStore(settings, {
      registry: { cluster, starts: startsOf(metadata) },
      settle: Math.min(SETTLE_MS, config.grace, config.uploadExpiry),
      notice,
      blobs,
      takeOver: claim === 'take-over',
    })
  } catch (error) {
    if (error instanceof S3StartFailed) throw new StartError(error.message, { cause: error })
    throw error
  }
}

/** Which blobs lie where those of these records are: a prefix that has others, or none of them, is another registry's place. */
async function expectedBlobs(metadata: MetadataStore): Promise<'none' | 'some' | 'any'> {
  if (await holdsBlobs(metadata)) return 'some'
  return (await isUnused(metadata)) ? 'none' : 'any'
}

/** What the configuration says of an S3. Throws StartError when a file that it names cannot be read. */
export async function s3Settings(
  config: Config,
  { bucket, prefix }: { readonly bucket: string; readonly prefix: string },
): Promise<S3Settings> {
  return {
    bucket,
    prefix,
    endpoint: config.s3Endpoint,
    region: config.s3Region,
    pathStyle: config.s3PathStyle,
    ca: config.s3Ca === undefined ? undefined : await readAuthorities(config.s3Ca),
    encryption: encryptionOf(config),
    memory: config.s3Memory,
    patience: config.s3Patience,
  }
}

function encryptionOf({ s3Encryption, s3KmsKey }: Config): S3Settings['encryption'] {
  if (s3Encryption === 'off') return undefined
  return s3Encryption === 's3' ? { kind: 'AES256' } : { kind: 'aws:kms', key: s3KmsKey }
}

async function readAuthorities(path: string): Promise<string> {
  const next = 'LAMINA_S3_CA must name a PEM file.'
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    const why = systemCode(cause) ?? String(cause)
    throw new StartError(`The authorities in ${path} cannot be read (${why}): ${next}`, { cause })
  })
  if (!text.includes('CERTIFICATE-----')) throw new StartError(`There are no authorities in ${path}: ${next}`)
  return text
}

/** The registry's own id, the same for all replicas; made when it is first needed. */
async function clusterId(metadata: MetadataStore): Promise<string> {
  return transact(metadata, async (transaction) => {
    const known = await transaction.getChecked(clusterCodec, keys.cluster())
    if (known !== undefined) return known.value.id
    const id = randomUUID()
    transaction.set(clusterCodec, keys.cluster(), { id, created: Date.now() })
    return id
  })
}
