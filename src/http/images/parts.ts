import type { AccessControl } from '../../auth/access-control.ts'
import type { RegistryParts } from '../../registry/parts.ts'
import type { Uploads } from '../../registry/uploads.ts'

/** What the handlers of import and export ask. */
export interface ImagesHttpParts {
  readonly registry: RegistryParts
  readonly uploads: Uploads
  readonly access: AccessControl
}
