import type { Client } from './client.ts'
import { type Image, image } from './images.ts'
import { addMember, addProject, addUser } from './login.ts'
import { pushImage } from './push.ts'
import type { Server } from './server.ts'

/** Image of each repository below, by the name of the repository. */
export const IMAGES: Readonly<Record<'alpha/app' | 'beta/app' | 'open/app', Image>> = {
  'alpha/app': image('world/alpha'),
  'beta/app': image('world/beta'),
  'open/app': image('world/open'),
}

/**
 * Users of a server with access control, each asking by Basic. Private project `alpha` has members in every role,
 * private project `beta` has none, project `open` is public. Each holds `app:v1`, pushed by the administrator.
 */
export interface World {
  readonly owner: Client
  readonly writer: Client
  readonly viewer: Client
  /** Signed in, member of nothing. */
  readonly stranger: Client
}

/** Settings for servers with a world: nobody but the administrator makes projects, so that none appears by a push. */
export const WORLD_SETTINGS = { LAMINA_AUTH: 'on', LAMINA_CREATE_PROJECTS: 'admin' } as const

/** Makes the users, projects and images of a world. */
export async function makeWorld({ admin }: Server): Promise<World> {
  const [owner, writer, viewer, stranger] = await Promise.all([
    addUser(admin, 'owner'),
    addUser(admin, 'writer'),
    addUser(admin, 'viewer'),
    addUser(admin, 'stranger'),
    addProject(admin, 'alpha'),
    addProject(admin, 'beta'),
    addProject(admin, 'open', true),
  ])
  await Promise.all([
    addMember(admin, 'alpha', 'owner', 'admin'),
    addMember(admin, 'alpha', 'writer', 'writer'),
    addMember(admin, 'alpha', 'viewer', 'viewer'),
    ...Object.entries(IMAGES).map(async ([name, made]) => pushImage(admin, name, made, 'v1')),
  ])
  return { owner, writer, viewer, stranger }
}
