import { createHash } from 'node:crypto'
import type { Stores } from '../servers/cluster.ts'

const BUCKET = 'lamina'
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

/**
 * Reads every blob of a registry straight from the bucket and hashes it, without a line of the registry's own code.
 * Throws when one is not what its name says. A marker without its bytes is an upload that was never finished.
 */
export async function hashObjects(
  stores: Stores,
  settings: Readonly<Record<string, string>>,
): Promise<Objects> {
  const prefix = (settings['LAMINA_BLOBS'] ?? '').replace(`s3://${BUCKET}/`, '')
  const listed = await stores.s3.requests.objects(BUCKET, `${prefix}/`)
  const sound = new Set<string>()
  let bytes = 0
  for (const key of listed.keys()) {
    const [, base = '', hex = '', id = '', size = ''] = MARKER.exec(key) ?? []
    const data = `${base}data/${id}`
    if (hex === '' || !listed.has(data)) continue
    sound.add(`sha256:${hex}`)
    if (checked.has(data)) continue
    const body = await stores.s3.requests.must('GET', `/${BUCKET}/${data}`)
    const found = createHash('sha256').update(body).digest('hex')
    if (found !== hex || body.length !== Number(size))
      throw new Error(
        `object ${data} is named ${hex} (${size} bytes) and holds ${found} (${body.length} bytes)`,
      )
    checked.add(data)
    bytes += body.length
  }
  return { sound, bytes }
}
