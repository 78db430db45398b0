import type { Stored } from '../metadata-store.ts'
import { Grouped } from './grouped.ts'
import { keyText } from './key-order.ts'

/** Keys of one statement, where several reads share it. */
const MOST_KEYS = 1000

/** What the keys hold that were found, by their text. */
type Find = (keys: readonly Uint8Array[]) => Promise<ReadonlyMap<string, Stored>>

/** Reads of records that share statements; what several ask for is read once. */
export class GroupedReads {
  readonly #grouped: Grouped<readonly Uint8Array[], (Stored | undefined)[]>

  constructor(find: Find) {
    this.#grouped = new Grouped({
      find: async (asked) => {
        const all = new Map(asked.flatMap((keys) => keys.map((key) => [keyText(key), key])))
        const found = await find([...all.values()])
        return asked.map((keys) => keys.map((key) => found.get(keyText(key))))
      },
      sizeOf: (keys) => keys.length,
      most: MOST_KEYS,
    })
  }

  read(keys: readonly Uint8Array[]): Promise<(Stored | undefined)[]> {
    return keys.length === 0 ? Promise.resolve([]) : this.#grouped.find(keys)
  }
}
