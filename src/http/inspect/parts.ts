import type { AccessControl } from '../../auth/access-control.ts'
import type { Identity } from '../../auth/identity.ts'
import type { InspectParts, MayRead } from '../../inspect/parts.ts'
import type { RepositoryName } from '../../oci/name.ts'
import type { Exchange } from '../exchange.ts'
import type { InspectorTurns } from './inspector-turns.ts'

/** Whether a key shows the badges of a repository to who may not pull from it. */
interface BadgePort {
  opens(key: string, repository: RepositoryName): Promise<boolean>
}

/** What the handlers of the inspector ask. */
export interface InspectHttpParts extends InspectParts, InspectorTurns {
  readonly access: AccessControl
  readonly badges: BadgePort
  /** Names of the projects that one may pull from, in order, behind `after`. */
  readonly readableProjects: (identity: Identity, after: string | undefined) => AsyncIterable<string>
}

/** Whether the caller may pull from a project, asked once for each in one request. */
export function mayRead({ access }: InspectHttpParts, { caller }: Exchange): MayRead {
  const known = new Map<string, Promise<boolean>>()
  const ask = async (project: string): Promise<boolean> =>
    (await access.checkProject(caller, 'pull', project)).outcome === 'allowed'
  return (project) => {
    const answer = known.get(project) ?? ask(project)
    known.set(project, answer)
    return answer
  }
}

/** The projects that the caller may pull from; a token of the token endpoint shows no more than nobody sees. */
export async function projectsOf(
  { access, readableProjects }: InspectHttpParts,
  { caller }: Exchange,
): Promise<(after: string | undefined) => AsyncIterable<string>> {
  const decision = await access.checkRegistry(caller, 'signed-in')
  const identity: Identity = decision.outcome === 'allowed' ? decision.identity : { kind: 'anonymous' }
  return (after) => readableProjects(identity, after)
}
