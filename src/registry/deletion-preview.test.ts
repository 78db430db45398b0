import { beforeEach, describe, expect, it } from 'vitest'
import { name } from './content-fixture.ts'
import { deleteManifest } from './delete-manifest.ts'
import { previewDeletion } from './deletion-preview.ts'
import { pushImage } from './images-fixture.ts'
import { ALICE, HOUR, openTestRegistry, type TestRegistry } from './registry-fixture.ts'

let registry: TestRegistry
const APP = 'team/app'

beforeEach(async () => {
  registry = await openTestRegistry()
})

describe('previewDeletion', () => {
  it('tells what only this image uses, and which tags go with it', async () => {
    const { digest } = await pushImage(registry, APP, 'one', { tags: ['latest', 'v1'] })
    const preview = await previewDeletion(registry.parts, name(APP), digest)
    expect(preview).toMatchObject({ tags: ['latest', 'v1'], parents: [], referrers: 0, manifests: 0 })
    expect(preview.freed.blobs).toBe(2)
    expect(preview.freed.bytes).toBeGreaterThan(0)
    expect(preview.kept).toEqual({ blobs: 0, bytes: 0 })
  })

  it('keeps what another repository of the project uses, and does not tell of other projects', async () => {
    const { digest } = await pushImage(registry, APP, 'one', { tags: ['v1'] })
    await pushImage(registry, 'other/app', 'one', { tags: ['v1'] })
    expect((await previewDeletion(registry.parts, name(APP), digest)).freed.blobs).toBe(2)
    await pushImage(registry, 'team/copy', 'one', { tags: ['v1'] })
    const preview = await previewDeletion(registry.parts, name(APP), digest)
    expect([preview.freed.blobs, preview.kept.blobs]).toEqual([0, 2])
  })

  it('knows nothing of a manifest that is gone', async () => {
    const { digest } = await pushImage(registry, APP, 'one', { tags: ['v1'] })
    await deleteManifest(registry.parts, name(APP), digest, ALICE)
    await expect(previewDeletion(registry.parts, name(APP), digest)).rejects.toMatchObject({
      code: 'MANIFEST_UNKNOWN',
    })
  })

  it('says until when it can be restored', async () => {
    const { digest } = await pushImage(registry, APP, 'one', { tags: [] })
    const { restorable } = await previewDeletion(registry.parts, name(APP), digest)
    expect(restorable).toBe(registry.parts.now() + registry.parts.settings.grace)
    expect(registry.parts.settings.grace).toBeGreaterThanOrEqual(HOUR)
  })
})
