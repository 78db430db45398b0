import type { Route } from '../route.ts'
import { accountRoutes } from './accounts.ts'
import { badgeRoutes } from './badges.ts'
import { collectionRoutes } from './collection.ts'
import { deletionRoutes } from './deletions.ts'
import { keyRoutes } from './keys.ts'
import { memberRoutes } from './members.ts'
import type { ApiParts } from './parts.ts'
import { policyRoutes } from './policies.ts'
import { projectRoutes } from './projects.ts'
import { repositoryRoutes } from './repositories.ts'
import { sessionRoutes } from './sessions.ts'
import { tagRoutes } from './tags.ts'
import { personalTokenRoutes } from './tokens.ts'
import { userRoutes } from './users.ts'

/** /api/v1: JSON for the page, the command line and automation. */
export function apiRoutes(parts: ApiParts): Route[] {
  return [
    ...sessionRoutes(parts),
    ...userRoutes(parts),
    ...personalTokenRoutes(parts),
    ...projectRoutes(parts),
    ...memberRoutes(parts),
    ...accountRoutes(parts),
    ...badgeRoutes(parts),
    ...keyRoutes(parts),
    ...tagRoutes(parts.registry),
    ...deletionRoutes(parts.registry),
    ...policyRoutes(parts.registry),
    ...repositoryRoutes(parts.registry),
    ...collectionRoutes(parts.registry),
  ]
}
