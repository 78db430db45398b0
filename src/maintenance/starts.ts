import type { MetadataStore } from '../../storage/metadata/metadata-store.ts'
import { transact } from '../../storage/metadata/transact.ts'
import { StoreUnavailable } from '../../storage/store-errors.ts'
import { clusterCodec } from '../records/cluster.ts'
import { keys } from '../records/keys.ts'
import { CheckedReads } from './checked-reads.ts'

/** The last ones that are remembered: what names a start names one of the last. */
const REMEMBERED = 50
/** Looks at records that change, or are answered by a standby. */
const ATTEMPTS = 5

/** As a bucket asks for them, see storage/blobs/s3/owner.ts. */
interface Starts {
  readonly knows: (start: string) => Promise<boolean>
  readonly add: (start: string) => Promise<void>
}

/**
 * The starts in the record of the registry's id. One that this process has met there counts also when it is gone since, as after
 * a failover to a standby that was behind, and is written down again.
 */
export function startsOf(metadata: MetadataStore): Starts {
  const met = new Set<string>()
  const add = async (start: string): Promise<void> => {
    await transact(metadata, async (transaction) => {
      const stored = await transaction.getChecked(clusterCodec, keys.cluster())
      if (stored === undefined) throw new StoreUnavailable('the records do not say whose they are any more')
      const starts = [...(stored.value.starts ?? []), start].slice(-REMEMBERED)
      transaction.set(clusterCodec, stored.key, { ...stored.value, starts })
    })
    met.add(start)
  }
  const knows = async (start: string): Promise<boolean> => {
    if (await isRecorded(metadata, start)) met.add(start)
    else if (met.has(start)) await add(start)
    return met.has(start)
  }
  return { knows, add }
}

/**
 * That a start is not there is asked of the primary: a standby that is behind would make a stranger of one that is ours. That
 * it is there any of them may say, so that pulls go on while the primary is away.
 */
async function isRecorded(metadata: MetadataStore, start: string): Promise<boolean> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const asked = new CheckedReads(metadata)
    const [stored] = await asked.read([keys.cluster()])
    const { starts = [] } = stored === undefined ? {} : clusterCodec.decode(stored.value)
    if (starts.includes(start)) return true
    if (await asked.hold([keys.cluster()])) return false
  }
  throw new StoreUnavailable(
    'whose the bucket is cannot be known: the records are answered by a standby that is behind',
  )
}
