import { ShortTurns } from '../../short-turns.ts'
import type { MetadataStore, Stored } from '../metadata-store.ts'

/** Keys of one look: what lies there may be large. */
const FEW = 4

/** As MetadataStore.read, of as many of the keys as it takes for so many bytes. */
export async function readFirst(
  store: Pick<MetadataStore, 'read'>,
  keys: readonly Uint8Array[],
  bytes: number,
): Promise<(Stored | undefined)[]> {
  const turns = new ShortTurns({ isUrgent: true })
  const found: (Stored | undefined)[] = []
  for (let brought = 0; found.length < keys.length && brought < bytes; ) {
    const some = await store.read(keys.slice(found.length, found.length + FEW))
    found.push(...some)
    brought += some.reduce((sum, stored) => sum + (stored?.value.length ?? 0), 0)
    if (turns.isOver) await turns.rest()
  }
  return found
}
