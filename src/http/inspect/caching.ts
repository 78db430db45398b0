import { createHash } from 'node:crypto'
import type { LayerState } from '../../inspect/layer/layer-indexes.ts'
import { recordIn } from '../../inspect/layer/layer-indexes.ts'
import { type Digest, digestFromBytes } from '../../oci/digest.ts'
import type { Exchange } from '../exchange.ts'

/** Headers of an answer that will not change: it is about content by its digest, and depends on nothing else. */
export type Pinned = Readonly<{ etag: string; 'cache-control': string }>

/** About one layer, as its index of this moment shows it: a new index may show more. */
export function pinned(layer: Digest, state: LayerState): Pinned {
  return pinnedBy([layer, String(recordIn(state)?.at ?? 0)])
}

/** About everything that `names` names; hashed, since an image may have more layers than a header has room for. */
export function pinnedBy(names: readonly string[]): Pinned {
  const digest = digestFromBytes('sha256', createHash('sha256').update(names.join(' ')).digest())
  return { etag: `"${digest}"`, 'cache-control': 'private, max-age=31536000, immutable' }
}

/** Whether the client has the answer already. */
export function unchanged({ request }: Exchange, { etag }: Pinned): boolean {
  const header = request.headers['if-none-match']
  return header !== undefined && header.split(',').some((tag) => tag.trim().replace(/^W\//, '') === etag)
}
