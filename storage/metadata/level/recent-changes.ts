/** Keys that are told apart; more of them share a place, and are then taken for changed together. */
const PLACES = 1 << 18
/** Prefixes of so many lengths are followed. */
const MOST_LENGTHS = 64
/** Where the table of records stands in a stored key: keys of one table have prefixes of few lengths. */
const TABLE_AT = 1

/**
 * When keys changed last, in a fixed amount of memory (2 MiB): so that what was read a moment ago need not be read again
 * to be checked. It may take for changed what is not, never the reverse. Moments are versions of the store's counter.
 */
export class RecentChanges {
  readonly #changed = new Float64Array(PLACES)
  /** By table, the lengths of prefixes that were asked for, and since when each is followed. */
  readonly #lengths = new Map<number, Map<number, number>>()
  #followed = 0
  /** All changes after this moment are known; undefined: none are. */
  #from: number | undefined
  /** The last moment that is known. */
  #now = 0

  /** The batch that follows the moment `before` and ends at `after` changes these stored keys, given as their texts. */
  note(texts: readonly string[], before: number, after: number): void {
    this.#from ??= before
    this.#now = after
    for (const text of texts) this.#noteOne(text, after)
  }

  /** Whether nothing changed under the key after `since`. */
  isSame(text: string, since: number): boolean {
    return this.#knows(since) && this.#sameAt(placeOf(text, text.length), since)
  }

  /** Whether nothing changed under any key that begins with `prefix` after `since`. */
  isSameIn(prefix: string, since: number): boolean {
    const followed = this.#followedSince(prefix)
    return this.#knows(since) && followed <= since && this.#sameAt(placeOf(prefix, prefix.length), since)
  }

  #sameAt(place: number, since: number): boolean {
    return (this.#changed[place] ?? Number.POSITIVE_INFINITY) <= since
  }

  #knows(since: number): boolean {
    return this.#from !== undefined && this.#from <= since
  }

  /** Since when prefixes of this length are followed: from now on, when nobody asked before. */
  #followedSince(prefix: string): number {
    const table = prefix.charCodeAt(TABLE_AT)
    const lengths = this.#lengths.get(table) ?? new Map<number, number>()
    const since = lengths.get(prefix.length)
    if (since !== undefined) return since
    if (this.#followed >= MOST_LENGTHS) return Number.POSITIVE_INFINITY
    this.#followed += 1
    this.#lengths.set(table, lengths.set(prefix.length, this.#now))
    return this.#now
  }

  #noteOne(text: string, after: number): void {
    this.#changed[placeOf(text, text.length)] = after
    const lengths = this.#lengths.get(text.charCodeAt(TABLE_AT))
    if (lengths === undefined) return
    for (const length of lengths.keys())
      if (length < text.length) this.#changed[placeOf(text, length)] = after
  }
}

/** FNV-1a of the first `length` characters, each of which is a byte. */
function placeOf(text: string, length: number): number {
  let hash = 0x811c9dc5
  for (let at = 0; at < length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193)
  return (hash ^ (hash >>> 15)) & (PLACES - 1)
}
