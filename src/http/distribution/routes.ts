import { json } from '../exchange.ts'
import type { Route } from '../route.ts'
import { createTurns } from '../turns.ts'
import { listCatalog } from './catalog.ts'
import { deleteBlob, deleteManifest } from './delete-content.ts'
import { listReferrers } from './list-referrers.ts'
import { listTags } from './list-tags.ts'
import type { DistributionParts } from './parts.ts'
import { pullBlob } from './pull-blob.ts'
import { pullManifest } from './pull-manifest.ts'
import { pushBlob } from './push-blob.ts'
import { pushManifest } from './push-manifest.ts'
import { cancelUpload, getUpload, patchUpload, putUpload } from './upload-session.ts'

/** A list of all tags or repositories there are takes a core for seconds. */
const LONG_LISTS = { atOnce: 2, waiting: 100, refusal: 'too many long lists were asked for at once' }

const TOO_MANY_MANIFESTS = 'too many large manifests are pushed at once'
const LARGE_BODIES = { atOnce: 8, waiting: 200, refusal: TOO_MANY_MANIFESTS }

/** A manifest with 20,000 layers takes 200 MB until it is stored. Slow clients do not hold up who has sent his. */
const LARGE_MANIFESTS = { ...LARGE_BODIES, atOnce: 1 }

const BLOB = '/v2/{name}/blobs/{digest}'
const UPLOADS = '/v2/{name}/blobs/uploads/'
const UPLOAD = '/v2/{name}/blobs/uploads/{upload}'
const MANIFEST = '/v2/{name}/manifests/{reference}'

type Turns = 'longLists' | 'largeBodies' | 'largeManifests'

/** /v2/: the distribution protocol, one row for each endpoint of the specification. */
export function distributionRoutes(given: Omit<DistributionParts, Turns>): Route[] {
  const parts = {
    ...given,
    longLists: createTurns(LONG_LISTS),
    largeBodies: createTurns(LARGE_BODIES),
    largeManifests: createTurns(LARGE_MANIFESTS),
  }
  const ping = () => Promise.resolve(json(200, {}))
  return [
    { operationId: 'ping', method: 'GET', path: '/v2/', right: 'ping', handle: ping },
    {
      operationId: 'listCatalog',
      method: 'GET',
      path: '/v2/_catalog',
      right: 'catalog',
      handle: listCatalog(parts),
    },
    { operationId: 'pullBlob', method: 'GET', path: BLOB, right: 'pull', handle: pullBlob(parts) },
    { operationId: 'deleteBlob', method: 'DELETE', path: BLOB, right: 'delete', handle: deleteBlob(parts) },
    { operationId: 'pushBlob', method: 'POST', path: UPLOADS, right: 'push', handle: pushBlob(parts) },
    {
      operationId: 'getUpload',
      method: 'GET',
      path: UPLOAD,
      right: 'continue-upload',
      handle: getUpload(parts),
    },
    {
      operationId: 'patchUpload',
      method: 'PATCH',
      path: UPLOAD,
      right: 'continue-upload',
      handle: patchUpload(parts),
    },
    {
      operationId: 'putUpload',
      method: 'PUT',
      path: UPLOAD,
      right: 'continue-upload',
      handle: putUpload(parts),
    },
    {
      operationId: 'cancelUpload',
      method: 'DELETE',
      path: UPLOAD,
      right: 'continue-upload',
      handle: cancelUpload(parts),
    },
    {
      operationId: 'pullManifest',
      method: 'GET',
      path: MANIFEST,
      right: 'pull',
      handle: pullManifest(parts),
    },
    {
      operationId: 'pushManifest',
      method: 'PUT',
      path: MANIFEST,
      right: 'push',
      handle: pushManifest(parts),
    },
    {
      operationId: 'deleteManifest',
      method: 'DELETE',
      path: MANIFEST,
      right: 'delete',
      handle: deleteManifest(parts),
    },
    {
      operationId: 'listTags',
      method: 'GET',
      path: '/v2/{name}/tags/list',
      right: 'pull',
      handle: listTags(parts),
    },
    {
      operationId: 'listReferrers',
      method: 'GET',
      path: '/v2/{name}/referrers/{digest}',
      right: 'pull',
      handle: listReferrers(parts),
    },
  ]
}
