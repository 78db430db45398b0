import { call, sendBytes } from '../../api/client.ts'
import type { Operations } from '../../api/schema.generated.ts'
import { type Fate, type Piece, piecesOf, placed, without } from './pieces.ts'
import { tarEntries } from './tar-entries.ts'

/** How far an archive has come. */
export interface Sending {
  /** Undefined when it cannot be told from here, as in one that is compressed as a whole. */
  readonly pieces: readonly Piece[] | undefined
  readonly fates: ReadonlyMap<string, Fate>
  /** Where each piece lies in what is sent. */
  readonly places: ReadonlyMap<string, readonly [from: number, to: number]>
  readonly sent: number
  /** Bytes that are sent in all; undefined while that is found out. */
  readonly total: number | undefined
  readonly images: Operations['importImages']['answer']['images'] | undefined
}

export const NOTHING_YET: Sending = {
  pieces: undefined,
  fates: new Map(),
  places: new Map(),
  sent: 0,
  total: undefined,
  images: undefined,
}

/** As many digests as one question takes. */
const ASKED = 500

/**
 * Sends an archive, without what the registry has already. Rejects with a Problem, or with the signal's reason; then the
 * same call goes on where this one ended.
 */
export async function sendArchive(
  archive: File,
  target: string,
  { signal, show }: { readonly signal: AbortSignal; readonly show: (now: Sending) => void },
): Promise<void> {
  // A colon behind the last slash begins a tag: the one image goes there. Else each keeps its own.
  const query = /:[^/]*$/.test(target) ? { ref: target } : { repository: target }
  const entries = await tarEntries(archive)
  const pieces = entries && piecesOf(entries)
  const fates = pieces === undefined ? new Map<string, Fate>() : await knownOf(pieces, query, signal)
  const left = (pieces ?? []).filter(({ path }) => fates.has(path))
  const bytes = left.length === 0 ? archive : without(archive, left)
  const now: Sending = {
    ...NOTHING_YET,
    pieces,
    fates,
    places: placed(pieces ?? [], new Set(fates.keys())),
    total: bytes.size,
  }
  show(now)
  const { images, content } = await sendBytes(
    'importImages',
    { query, bytes, type: 'application/x-tar' },
    { signal, sent: (sent) => show({ ...now, sent }) },
  )
  const all = new Map([...content.map(({ path, state }) => [path, state] as const), ...fates])
  show({ ...now, sent: bytes.size, fates: all, images })
}

/** What the registry has already, by its place in the archive. */
async function knownOf(
  pieces: readonly Piece[],
  query: { readonly ref: string } | { readonly repository: string },
  signal: AbortSignal,
): Promise<Map<string, Fate>> {
  const digests = [...new Set(pieces.flatMap(({ digest }) => digest ?? []))]
  const known = new Map<string, { readonly size: number; readonly state: Fate }>()
  for (let at = 0; at < digests.length; at += ASKED) {
    const body = { digests: digests.slice(at, at + ASKED) }
    const { content } = await call('findKnownContent', { query, body }, signal)
    for (const one of content) known.set(one.digest, one)
  }
  return new Map(
    pieces.flatMap(({ path, digest, size }) => {
      const found = known.get(digest ?? '')
      return found?.size === size ? [[path, found.state] as const] : []
    }),
  )
}
