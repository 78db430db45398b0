import { beforeEach, describe, expect, it } from 'vitest'
import { blobLocation } from '../../storage/blobs/blob-store.ts'
import type { Digest } from '../oci/digest.ts'
import { BODY_LIMIT } from '../records/manifest.ts'
import { image, name } from './content-fixture.ts'
import { getManifest } from './manifests.ts'
import { openTestRegistry, pullManifest, push, pushBlob, type TestRegistry } from './registry-fixture.ts'
import { blobRecord } from './stored-fixture.ts'

const TEAM = 'team/app'

let registry: TestRegistry
let large: Buffer
let digest: Digest

beforeEach(async () => {
  registry = await openTestRegistry()
  const config = await pushBlob(registry, TEAM, 'config')
  large = image(config, [], { annotations: { a: 'x'.repeat(BODY_LIMIT) } })
  digest = (await push(registry, TEAM, large)).digest
})

/** What a pull writes of it. */
async function pumped(written: Uint8Array[]): Promise<void> {
  const mayNotPush = () => Promise.resolve(false)
  const manifest = await getManifest(registry.parts, name(TEAM), { kind: 'digest', digest }, mayNotPush)
  const body = await manifest.open()
  if (body instanceof Uint8Array) throw new TypeError('a large manifest is held in memory')
  // The memory of a piece is used again.
  await body((piece) => Promise.resolve(void written.push(Uint8Array.from(piece))))
}

describe('a large manifest that is pulled', () => {
  it('is written piece by piece', async () => {
    const written: Uint8Array[] = []
    await pumped(written)
    expect(Buffer.concat(written)).toEqual(large)
  })

  it('is never whole when its bytes are others, and said to be damaged from then on', async () => {
    const location = blobLocation((await blobRecord(registry, digest))?.location ?? '')
    const bytes = Buffer.from(registry.contents.blobs.get(location)?.bytes ?? '')
    bytes[10] = 0
    registry.contents.blobs.set(location, { bytes, modified: new Date() })
    const written: Uint8Array[] = []
    await expect(pumped(written)).rejects.toThrow('damaged; push it again')
    expect(Buffer.concat(written).length).toBeLessThan(large.length)
    expect(await pullManifest(registry, TEAM, digest)).toBeUndefined()
  })
})
