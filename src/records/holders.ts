import { linkCodec } from './blob.ts'
import { keys } from './keys.ts'
import type { Ranges } from './pages.ts'
import { projectCodec } from './project.ts'
import type { Holder } from './read-key.ts'
import { repositoriesIn } from './repositories.ts'

interface Entry {
  readonly key: Uint8Array
  readonly value: Uint8Array
}

interface Reads {
  read(keys: readonly Uint8Array[]): Promise<readonly (Pick<Entry, 'value'> | undefined)[]>
}

/**
 * Whether a link was made, or last confirmed, since the project of that name was: until the collector has cleared a project
 * that was deleted, its content must not be found by who takes the name.
 */
export async function isOfThisProject(metadata: Reads, holder: Holder): Promise<boolean> {
  const { project, repo, digest } = holder
  const [link, made] = await metadata.read([keys.link(repo, digest), keys.project(project)])
  if (link === undefined || made === undefined) return false
  return linkCodec.decode(link.value).confirmed >= projectCodec.decode(made.value).created
}

/** Whether a name of the project leads to the repository: certain whatever clocks said, and slow where there are many. */
export async function isNamed(metadata: Ranges<Entry>, { project, repo }: Holder): Promise<boolean> {
  for await (const { id } of repositoriesIn(metadata, project)) if (id === repo) return true
  return false
}
