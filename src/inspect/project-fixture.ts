import type { MetadataStore } from '../../storage/metadata/metadata-store.ts'
import { digestField, nameField } from '../records/fields.ts'
import { keys } from '../records/keys.ts'
import { manifestCodec } from '../records/manifest.ts'
import { repositoryCodec } from '../records/project.ts'

/** Bytes of each manifest that fillProject makes. */
export const MANIFEST_SIZE = 100

/** Repositories p/a, p/b … of the project p, with so many manifests each. */
export async function fillProject(metadata: MetadataStore, counts: readonly number[]): Promise<void> {
  for (const [at, count] of counts.entries()) {
    const id = at.toString(16).padStart(16, '0')
    const name = nameField.parse(`p/${String.fromCharCode('a'.charCodeAt(0) + at)}`)
    const repository = { key: keys.repository(name), value: repositoryCodec.encode({ id, created: 1 }) }
    const manifests = Array.from({ length: count }, (_, number) => ({
      key: keys.manifest(id, digestField.parse(`sha256:${number.toString(16).padStart(64, '0')}`)),
      value: manifestCodec.encode({
        mediaType: 'application/vnd.oci.image.manifest.v1+json',
        size: MANIFEST_SIZE,
        children: [],
        created: number + 1,
        by: 'test',
        confirmed: 1,
      }),
    }))
    await metadata.commit({ checks: [], sets: [repository, ...manifests], deletes: [] })
  }
}
