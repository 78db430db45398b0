import { fewAtOnce } from '../few-at-once.ts'
import type { Stores } from '../servers/cluster.ts'

const BUCKET = 'lamina'
/** Objects read at the same time. */
const AT_ONCE = 8
/** docs/cluster.md: the name of an empty marker holds digest, id and size of the bytes at `data/<id>`. */
const MARKER = /^(.*\/)sha256\/[0-9a-f]{2}\/([0-9a-f]{64})\.([A-Za-z0-9_-]+)\.(\d+)$/

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
    const [, base = '', hex = '', id = '', size = ''] = MARKER.exec(key) ?? []
    const data = `${base}data/${id}`
    if (hex === '' || !listed.has(data)) return
    sound.add(`sha256:${hex}`)
    if (checked.has(data)) return
    const found = await stores.s3.requests.hash(`/${BUCKET}/${data}`)
    if (found.sha256 !== hex || found.size !== Number(size))
      throw new Error(
        `object ${data} is named ${hex} (${size} bytes) and holds ${found.sha256} (${found.size} bytes)`,
      )
    checked.add(data)
    bytes += found.size
  })
  return { sound, bytes }
}
