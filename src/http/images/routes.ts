import type { Route } from '../route.ts'
import { exportArchive } from './export.ts'
import { findKnownContent, importArchives } from './import.ts'
import type { ImagesHttpParts } from './parts.ts'

/** Images in and out as archives, without docker. */
export function imagesRoutes(parts: ImagesHttpParts): Route[] {
  return [
    {
      operationId: 'importImages',
      method: 'POST',
      path: '/api/v1/import',
      right: 'push-ref',
      handle: importArchives(parts),
    },
    {
      operationId: 'findKnownContent',
      method: 'POST',
      path: '/api/v1/import/known',
      right: 'push-ref',
      handle: findKnownContent(parts),
    },
    {
      operationId: 'exportImage',
      method: 'GET',
      path: '/api/v1/export',
      right: 'pull-ref',
      handle: exportArchive(parts),
    },
  ]
}
