import { expect, it } from 'vitest'
import { openMemoryMetadataStore } from '../../storage/metadata/memory/memory-metadata-store.ts'
import { type Digest, digestFromBytes } from '../oci/digest.ts'
import { keys } from '../records/keys.ts'
import { bodyCodec } from '../records/manifest.ts'
import { platformsOfIndexes } from './platforms-of-indexes.ts'

const REPO = '0011223344556677'
const LARGE = 'x'.repeat(40_000)

function digestAt(at: number): Digest {
  return digestFromBytes('sha256', Buffer.alloc(32, at))
}

function indexFor(architecture: string): Buffer {
  const platform = { os: 'linux', architecture }
  const descriptor = {
    mediaType: 'application/vnd.oci.image.manifest.v1+json',
    digest: digestAt(99),
    size: 1,
  }
  return Buffer.from(
    JSON.stringify({ schemaVersion: 2, manifests: [{ ...descriptor, platform }], annotations: { LARGE } }),
  )
}

it('says those of every index, also where their bodies take several reads', async () => {
  const metadata = await openMemoryMetadataStore()
  const names = Array.from({ length: 20 }, (_, at) => `arch${at}`)
  const sets = names.map((name, at) => ({
    key: keys.body(REPO, digestAt(at)),
    value: bodyCodec.encode({ kind: 'inline', bytes: indexFor(name) }),
  }))
  await metadata.commit({ checks: [], sets, deletes: [] })
  const found = await platformsOfIndexes(metadata, REPO, [
    ...names.map((_, at) => digestAt(at)),
    digestAt(50),
  ])
  expect([...found.values()]).toEqual(names.map((name) => [`linux/${name}`]))
  await metadata.close()
})
