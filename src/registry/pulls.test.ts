import { expect, test } from 'vitest'
import { openMemoryMetadataStore } from '../../storage/metadata/memory/memory-metadata-store.ts'
import { StoreUnavailable } from '../../storage/store-errors.ts'
import { parseDigest } from '../oci/digest.ts'
import { keys } from '../records/keys.ts'
import { pulledCodec } from '../records/review.ts'
import { Pulls } from './pulls.ts'

const REPO = '0000000000000001'
const digest = parseDigest(`sha256:${'ab'.repeat(32)}`)

test('a pull of a manifest that goes while it is written down leaves no record', async () => {
  if (digest === undefined) throw new TypeError('no digest')
  const metadata = await openMemoryMetadataStore()
  const manifest = keys.manifest(REPO, digest)
  await metadata.commit({ checks: [], sets: [{ key: manifest, value: Buffer.from('m') }], deletes: [] })
  const read = metadata.read.bind(metadata)
  let isGone = false
  metadata.read = async (wanted) => {
    const found = await read(wanted)
    if (!isGone) await metadata.commit({ checks: [], sets: [], deletes: [manifest] })
    isGone = true
    return found
  }
  const pulls = new Pulls(Date.now)
  pulls.note(REPO, digest)
  await pulls.flush(metadata)
  expect(await read([keys.pulled(REPO, digest)])).toEqual([undefined])
})

test('what could not be written takes no later pull back', async () => {
  if (digest === undefined) throw new TypeError('no digest')
  const metadata = await openMemoryMetadataStore()
  const sets = [{ key: keys.manifest(REPO, digest), value: Buffer.from('m') }]
  await metadata.commit({ checks: [], sets, deletes: [] })
  let now = 1000
  const pulls = new Pulls(() => now)
  pulls.note(REPO, digest)
  const read = metadata.read.bind(metadata)
  metadata.read = () => {
    // It is pulled again meanwhile.
    now = 2000
    pulls.note(REPO, digest)
    return Promise.reject(new StoreUnavailable('away'))
  }
  await expect(pulls.flush(metadata)).rejects.toThrow('away')
  metadata.read = read
  await pulls.flush(metadata)
  const [stored] = await read([keys.pulled(REPO, digest)])
  expect(stored && pulledCodec.decode(stored.value)).toEqual({ at: 2000 })
})
