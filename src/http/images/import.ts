import { z } from 'zod'
import { accountOf } from '../../auth/identity.ts'
import { ContentIntake, type TakenContent } from '../../images/content-intake.ts'
import { type ImportedImage, importArchive } from '../../images/import-archive.ts'
import type { OnContent } from '../../images/read-archive.ts'
import type { ImportTarget } from '../../images/target.ts'
import { parseImageReference } from '../../oci/image-reference.ts'
import { projectOf } from '../../oci/name.ts'
import { RegistryError } from '../../oci/registry-error.ts'
import { answer } from '../api/answers.ts'
import { queriedRepository } from '../authorize.ts'
import type { Exchange, Handler } from '../exchange.ts'
import { stillAllowed } from '../late-body.ts'
import { readJson } from '../request-body.ts'
import { requireDigest } from '../require-name.ts'
import { archiveOf } from './archive-body.ts'
import { withLines } from './lines.ts'
import type { ImagesHttpParts } from './parts.ts'

/** Takes an archive of images into a repository. With `Accept: application/x-ndjson` each piece is told as it is done. */
export function importArchives(parts: ImagesHttpParts): Handler {
  return (exchange) => {
    const target = targetOf(exchange)
    const take = async (onContent: OnContent): Promise<readonly ImportedImage[]> => {
      const images = await importArchive(
        intakeOf(parts, exchange, target),
        target,
        archiveOf(exchange),
        onContent,
      )
      exchange.note({ images: images.length, digest: images[0]?.digest })
      return images
    }
    const lines = /\bapplication\/x-ndjson\b/.test(exchange.request.headers.accept ?? '')
    return lines ? Promise.resolve(withLines(exchange, target.name, take)) : inOneAnswer(target, take)
  }
}

async function inOneAnswer(
  { name }: ImportTarget,
  take: (onContent: OnContent) => Promise<readonly ImportedImage[]>,
) {
  const content: (TakenContent & { readonly path: string })[] = []
  const images = await take((path, taken) => {
    content.push({ path, ...taken })
    return Promise.resolve()
  })
  return answer(201, { repository: name, images, content })
}

const digests = z.strictObject({ digests: z.array(z.string()).max(500) })

/** Content that may be left out of an archive: it is in the repository by now, and stays for the grace time. */
export function findKnownContent(parts: ImagesHttpParts): Handler {
  return async (exchange) => {
    const target = targetOf(exchange)
    const asked = (await readJson(exchange.request, digests)).digests.map(requireDigest)
    const intake = new ContentIntake(intakeOf(parts, exchange, target), target)
    const content: TakenContent[] = []
    for (const digest of asked) {
      const known = await intake.known(digest)
      if (known !== undefined) content.push(known)
    }
    return answer(200, { repository: target.name, content })
  }
}

/** Throws REQUEST_INVALID, NAME_INVALID. */
function targetOf(exchange: Exchange): ImportTarget {
  const { query } = exchange
  const account = accountOf(exchange.caller.identity)
  const ref = query.get('ref')
  if (ref === null) return { name: queriedRepository(query), tag: undefined, account }
  const parsed = parseImageReference(ref)
  if (parsed?.reference.kind === 'tag') return { name: parsed.name, tag: parsed.reference.tag, account }
  throw new RegistryError('REQUEST_INVALID', {
    message:
      'an image is imported under a tag: ref=project/name:tag, or repository=project/name for the tags in the archive',
    detail: { field: 'ref' },
  })
}

/** What one may pull need not come in again: of the same project, and of every other that the caller may read. */
function intakeOf(
  { registry, uploads, access }: ImagesHttpParts,
  { caller, request }: Exchange,
  { name }: ImportTarget,
) {
  const mayRead = async (project: string): Promise<boolean> =>
    project === projectOf(name) || (await access.checkProject(caller, 'pull', project)).outcome === 'allowed'
  return { registry, uploads, mayRead, stillAllowed: () => stillAllowed(request) }
}
