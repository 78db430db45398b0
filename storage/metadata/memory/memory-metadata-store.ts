import { MemoryLevel } from 'memory-level'
import { noBallast } from '../level/ballast.ts'
import type { LevelDatabase } from '../level/level-database.ts'
import { openLevelStoreOver } from '../level/level-metadata-store.ts'
import type { MetadataStore } from '../metadata-store.ts'
import { handingOutCopies } from './handing-out-copies.ts'

/** A store that forgets all when the process ends: the level driver over memory-level. */
export function openMemoryMetadataStore(): Promise<MetadataStore> {
  return openLevelStoreOver({
    database: createMemoryLevel(),
    ballast: noBallast,
    place: 'memory',
    recoveryMilliseconds: 0,
    notice: () => undefined,
  })
}

/** A database in memory, not yet open. */
export function createMemoryLevel(): LevelDatabase {
  return handingOutCopies(
    new MemoryLevel<Uint8Array, Uint8Array>({
      storeEncoding: 'view',
      keyEncoding: 'view',
      valueEncoding: 'view',
    }),
  )
}
