import { type ImageReference, parseImageReference } from '../oci/image-reference.ts'
import { UsageError } from './failures.ts'

/** An image as typed. `named`: with a tag or a digest; else it stands for `latest`, or for its repository. */
export interface TypedImage extends ImageReference {
  readonly named: boolean
  readonly project: string
}

/** Throws UsageError when `text` names nothing that could be here. */
export function parseTypedImage(text: string): TypedImage {
  const parsed = parseImageReference(text)
  if (parsed === undefined)
    throw new UsageError(
      `"${text}" is no image; write project/name:tag or project/name@sha256:…, without a host.`,
    )
  return { ...parsed, named: /[:@]/.test(text), project: parsed.name.split('/', 1)[0] ?? '' }
}

/** The tag or the digest. */
export function referenceText({ reference }: ImageReference): string {
  return reference.kind === 'tag' ? reference.tag : reference.digest
}
