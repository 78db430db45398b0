import { type ImageReference, parseImageReference } from '../../oci/image-reference.ts'
import { parseName, type RepositoryName } from '../../oci/name.ts'
import { RegistryError } from '../../oci/registry-error.ts'
import type { Exchange } from '../exchange.ts'

/** Characters of a query's text: longer is no name of anything here. */
const TEXT_LIMIT = 8192

/** The image in `ref`. Throws REQUEST_INVALID. */
export function imageParam(text: string): ImageReference {
  const parsed = parseImageReference(text)
  if (parsed !== undefined) return parsed
  throw new RegistryError('REQUEST_INVALID', {
    message: `'${text.slice(0, 150)}' names no image here: write project/name:tag or project/name@sha256:…, without a host`,
    detail: { field: 'ref' },
  })
}

/** The repository behind which a page begins. Throws REQUEST_INVALID. */
export function lastRepository({ query }: Exchange): RepositoryName | undefined {
  const text = query.get('last')
  const last = text === null || text === '' ? undefined : parseName(text)
  if (last !== undefined || text === null || text === '') return last
  throw new RegistryError('REQUEST_INVALID', {
    message: 'last takes the `next` of an earlier page',
    detail: { field: 'last' },
  })
}

/** A text of the query; undefined when absent or empty. Throws REQUEST_INVALID when it is too long. */
export function textParam({ query }: Exchange, name: string): string | undefined {
  const text = query.get(name)
  if (text !== null && text.length > TEXT_LIMIT)
    throw new RegistryError('REQUEST_INVALID', {
      message: `${name} takes at most ${TEXT_LIMIT} characters`,
      detail: { field: name },
    })
  return text === null || text === '' ? undefined : text
}

/** Where a page begins: what `next` of the page before it said. Raw bytes (latin1). Throws REQUEST_INVALID. */
export function cursorParam(exchange: Exchange): string {
  const text = textParam(exchange, 'cursor') ?? ''
  if (!/^[A-Za-z0-9_-]*$/.test(text))
    throw new RegistryError('REQUEST_INVALID', {
      message: 'cursor takes the `next` of an earlier page',
      detail: { field: 'cursor' },
    })
  return Buffer.from(text, 'base64url').toString('latin1')
}

/** `next` of a page; nothing on the last one. */
export function nextCursor(from: string | undefined): { next?: string } {
  return from === undefined ? {} : { next: Buffer.from(from, 'latin1').toString('base64url') }
}
