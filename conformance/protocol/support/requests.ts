import type { Ask } from './wire.ts'
import { IMAGES } from './world.ts'

const HIDDEN = IMAGES['beta/app']
const LAYER = HIDDEN.blobs[1]?.digest ?? ''
const MANIFEST = { 'content-type': HIDDEN.mediaType }
const SESSION = '6ba7b810-9dad-41d1-80b4-00c04fd430c8'

/** Every request of the protocol, on a repository. */
export function requests(name: string): Ask[] {
  const at = `/v2/${name}`
  return [
    ...['GET', 'HEAD'].flatMap((method) => [
      { method, path: `${at}/blobs/${LAYER}` },
      { method, path: `${at}/manifests/v1` },
      { method, path: `${at}/manifests/${HIDDEN.digest}` },
      { method, path: `${at}/tags/list` },
      { method, path: `${at}/referrers/${HIDDEN.digest}` },
    ]),
    { path: `${at}/blobs/${LAYER}`, headers: { range: 'bytes=0-0', 'if-none-match': '*' } },
    { path: `${at}/manifests/v1`, headers: { 'if-none-match': `"${HIDDEN.digest}"` } },
    { path: `${at}/manifests/.INVALID` },
    { path: `${at}/blobs/sha256:invalid` },
    { path: `${at}/tags/list?n=bad` },
    { path: `${at}/tags/list?n=0` },
    { path: `${at}/referrers/sha256:invalid` },
    { method: 'PUT', path: `${at}/manifests/v1`, headers: MANIFEST, body: HIDDEN.bytes },
    {
      method: 'PUT',
      path: `${at}/manifests/${HIDDEN.digest}?tag=latest`,
      headers: MANIFEST,
      body: HIDDEN.bytes,
    },
    { method: 'DELETE', path: `${at}/manifests/v1` },
    { method: 'DELETE', path: `${at}/manifests/${HIDDEN.digest}` },
    { method: 'DELETE', path: `${at}/blobs/${LAYER}` },
    { method: 'POST', path: `${at}/blobs/uploads/`, body: '' },
    { method: 'POST', path: `${at}/blobs/uploads/?digest=${LAYER}`, body: 'x' },
    { method: 'POST', path: `${at}/blobs/uploads/?mount=${LAYER}`, body: '' },
    { method: 'POST', path: `${at}/blobs/uploads/?mount=${LAYER}&from=open/app`, body: '' },
    { method: 'PATCH', path: `${at}/blobs/uploads/${SESSION}`, body: 'x' },
    { method: 'PUT', path: `${at}/blobs/uploads/${SESSION}?digest=${LAYER}`, body: 'x' },
    { path: `${at}/blobs/uploads/${SESSION}` },
    { method: 'DELETE', path: `${at}/blobs/uploads/${SESSION}` },
  ]
}
