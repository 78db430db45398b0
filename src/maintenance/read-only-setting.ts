import type { MetadataStore } from '../../storage/metadata/metadata-store.ts'
import { keys } from '../records/keys.ts'
import { type ReadOnlyRecord, readOnlyCodec } from '../records/runtime.ts'

/** The switch that closes the registry for writes, as a record that every replica reads. */
export interface ReadOnlySetting {
  /** Undefined while nobody ever switched. */
  read(): Promise<ReadOnlyRecord | undefined>
  write(record: ReadOnlyRecord): Promise<void>
}

export function createReadOnlySetting(metadata: MetadataStore): ReadOnlySetting {
  const key = keys.runtimeSetting('read-only')
  return {
    read: async () => {
      const [stored] = await metadata.read([key])
      return stored && readOnlyCodec.decode(stored.value)
    },
    write: (record) =>
      metadata.commit({ checks: [], sets: [{ key, value: readOnlyCodec.encode(record) }], deletes: [] }),
  }
}
