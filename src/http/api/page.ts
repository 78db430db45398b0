import { RegistryError } from '../../oci/registry-error.ts'

/** One page of a list: up to `limit` entries behind `after`. */
export interface PageQuery {
  readonly after: string | undefined
  readonly limit: number
}

const DEFAULT = 100
const MOST = 1000

/** Reads `n` (1 to 1,000, else cut to that; 100 by default) and `last`. Throws PAGINATION_NUMBER_INVALID, REQUEST_INVALID. */
export function readPage(query: URLSearchParams): PageQuery {
  const n = query.get('n')
  if (n !== null && !/^\d{1,15}$/.test(n))
    throw new RegistryError('PAGINATION_NUMBER_INVALID', { message: `n takes a number from 1 to ${MOST}` })
  const last = query.get('last')
  if (last?.includes('\0') === true)
    throw new RegistryError('REQUEST_INVALID', { message: 'last takes the `next` of an earlier page' })
  const limit = n === null ? DEFAULT : Math.min(Math.max(Number(n), 1), MOST)
  return { after: last ?? undefined, limit }
}

/** `next`, the `last` of the page after this one; nothing when this one was not full. */
export function nextOf<Item>(
  items: readonly Item[],
  page: PageQuery,
  name: (item: Item) => string,
): { next?: string } {
  const last = items.at(-1)
  return last === undefined || items.length < page.limit ? {} : { next: name(last) }
}
