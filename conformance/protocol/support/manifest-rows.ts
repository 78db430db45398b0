import { check, type Exchange } from './exchange.ts'
import type { Manifest } from './images.ts'
import type { Ask } from './wire.ts'

/** PUT of a manifest in repository `name`, under its own type unless `headers` are given. */
export function putting(
  name: string,
  reference: string,
  made: Manifest,
  headers: Readonly<Record<string, string>> = { 'content-type': made.mediaType },
): Ask {
  return { method: 'PUT', path: `/v2/${name}/manifests/${reference}`, headers, body: made.bytes }
}

/** What was accepted reads back under `reference`, with the type that it was accepted under. */
export function readsBack(
  name: string,
  reference: string,
  made: Manifest,
  as: { readonly mediaType?: string; readonly digest?: string } = {},
): NonNullable<Exchange['after']> {
  const headers = {
    'content-type': as.mediaType ?? made.mediaType,
    'docker-content-digest': as.digest ?? made.digest,
  }
  return async (client) =>
    check(await client.get(`/v2/${name}/manifests/${reference}`), { status: 200, headers, body: made.bytes })
}
