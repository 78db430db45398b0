import { createHash } from 'node:crypto'
import type { Entry, MetadataStore } from '../../../storage/metadata/metadata-store.ts'
import { digestAlgorithm, digestFromBytes } from '../../oci/digest.ts'
import { blobCodec } from '../../records/blob.ts'
import { KINDS, type Kind, keyAfter } from '../../records/keys.ts'
import { bodyCodec } from '../../records/manifest.ts'
import { moves } from '../../records/moving.ts'
import { readContentKey } from '../../records/read-key.ts'
import { TupleReader } from '../../records/tuple.ts'
import type { Place } from './place.ts'

const PAGE = 1000

/**
 * Walks everything that moves in both places side by side. Gives the first difference as a sentence, undefined when
 * there is none. Blob records count as equal when they speak of as many bytes, which were read back in the target;
 * manifests are hashed. Nothing may be written meanwhile.
 */
export async function findDifference(
  source: Place,
  target: Place,
  signal: AbortSignal,
): Promise<string | undefined> {
  for (const { kind, prefix } of KINDS.filter((one) => moves(one.kind))) {
    const here = new Walk(source.metadata, prefix)
    const there = new Walk(target.metadata, prefix)
    const problem = await compareKind(kind, { here, there, signal })
    if (problem !== undefined) return problem
  }
  return undefined
}

async function compareKind(
  kind: Kind,
  walks: { readonly here: Walk; readonly there: Walk; readonly signal: AbortSignal },
): Promise<string | undefined> {
  const { here, there, signal } = walks
  for (;;) {
    signal.throwIfAborted()
    await Promise.all([here.fill(), there.fill()])
    let [entry, found] = [here.next, there.next]
    if (entry === undefined)
      return found === undefined ? undefined : `the new stores hold a ${kind} record that is not here`
    // Until one of the two pages is used up.
    for (; entry !== undefined && !there.usedUp; entry = here.next) {
      found = there.next
      const same = found !== undefined && Buffer.compare(found.key, entry.key) === 0 ? found : undefined
      here.step()
      // Their bytes are not copied; a copy made before stays, because it was proven, and needs no note of damage.
      if (same === undefined && isOfDamaged(kind, entry)) continue
      const problem = differ(kind, entry, same)
      if (problem !== undefined) return problem
      there.step()
    }
  }
}

/** The records under a prefix, page by page. */
class Walk {
  readonly #store: MetadataStore
  readonly #prefix: Uint8Array
  #from: Uint8Array
  #page: readonly Entry[] = []
  #at = 0
  #ended = false

  constructor(store: MetadataStore, prefix: Uint8Array) {
    this.#store = store
    this.#prefix = prefix
    this.#from = prefix
  }

  /** The record to look at, from the page that `fill` made sure of; undefined at the end. */
  get next(): Entry | undefined {
    return this.#page[this.#at]
  }

  /** The page is used up, and there may be another. */
  get usedUp(): boolean {
    return this.#at >= this.#page.length && !this.#ended
  }

  step(): void {
    this.#at += 1
  }

  async fill(): Promise<void> {
    if (!this.usedUp) return
    this.#page = await this.#store.range({ prefix: this.#prefix, from: this.#from, limit: PAGE })
    this.#at = 0
    const last = this.#page.at(-1)
    this.#ended = this.#page.length < PAGE
    if (last !== undefined) this.#from = keyAfter(last.key)
  }
}

/** Records of blobs whose bytes are known to be damaged here. */
function isOfDamaged(kind: Kind, { value }: Entry): boolean {
  return kind === 'damaged' || (kind === 'blob' && blobCodec.decode(value).quarantined !== undefined)
}

function differ(kind: Kind, here: Entry, there: Entry | undefined): string | undefined {
  if (there === undefined)
    return kind === 'blob'
      ? `blob ${new TupleReader(here.key).digest()} was not copied`
      : `a ${kind} record is not in the new stores`
  if (kind === 'blob') {
    const [one, other] = [blobCodec.decode(here.value), blobCodec.decode(there.value)]
    const isProven = other.verified !== undefined && other.quarantined === undefined
    const isAlike = isProven || one.quarantined !== undefined
    return one.size === other.size && isAlike ? undefined : `a blob record is not proven`
  }
  if (Buffer.compare(here.value, there.value) !== 0) return `a ${kind} record differs in the new stores`
  return kind === 'body' ? wrongBody(there) : undefined
}

function wrongBody({ key, value }: Entry): string | undefined {
  const body = bodyCodec.decode(value)
  if (body.kind === 'blob') return undefined
  const { digest } = readContentKey(key)
  const algorithm = digestAlgorithm(digest)
  const hash = createHash(algorithm).update(body.bytes).digest()
  return digestFromBytes(algorithm, hash) === digest
    ? undefined
    : `the stored body of manifest ${digest} has another digest`
}
