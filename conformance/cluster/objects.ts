import { fewAtOnce } from '../few-at-once.ts'
import { blobObject } from '../servers/blob-objects.ts'
import type { Stores } from '../servers/cluster.ts'

const BUCKET = 'lamina'
/** Objects read at the same time. */
const AT_ONCE = 8

/** What lies in the bucket for one registry. */
export interface Objects {
  /** Digests whose bytes are there and right. */
  readonly sound: ReadonlySet<string>
  /** Bytes that were read and hashed now. */
  readonly bytes: number
}

/** Objects that were read and found right: nobody writes to one a second time, so once is enough. */
const checked = new Set<string>()

/** Keys of a registry's objects in the bucket, with their sizes. */
export function listObjects(
  stores: Stores,
  settings: Readonly<Record<string, string>>,
): Promise<ReadonlyMap<string, number>> {
  const prefix = (settings['LAMINA_BLOBS'] ?? '').replace(`s3://${BUCKET}/`, '')
  return stores.s3.requests.objects(BUCKET, `${prefix}/`)
}

/**
 * Reads every blob of a registry straight from the bucket and hashes it, without a line of the registry's own code.
 * Throws when one is not what its name says. A marker without its bytes is an upload that was never finished.
 */
export async function hashObjects(
  stores: Stores,
  settings: Readonly<Record<string, string>>,
): Promise<Objects> {
  const listed = await listObjects(stores, settings)
  const sound = new Set<string>()
  let bytes = 0
  await fewAtOnce(AT_ONCE, listed.keys(), async (key) => {
    const blob = blobObject(key)
    if (blob === undefined || !listed.has(blob.data)) return
    const { hex, size, data } = blob
    sound.add(`sha256:${hex}`)
    if (checked.has(data)) return
    const found = await stores.s3.requests.hash(`/${BUCKET}/${data}`)
    if (found.sha256 !== hex || found.size !== size)
      throw new Error(
        `object ${data} is named ${hex} (${size} bytes) and holds ${found.sha256} (${found.size} bytes)`,
      )
    checked.add(data)
    bytes += found.size
  })
  return { sound, bytes }
}
