import { type Digest, parseDigest } from './digest.ts'

/** A descriptor as image-spec "Content Descriptors" defines it, as far as a registry needs it. */
export interface Descriptor {
  readonly mediaType: string
  /** As written; `digest` is undefined when its algorithm is registered but not one that we compute. */
  readonly text: string
  readonly digest: Digest | undefined
  readonly size: number
  readonly hasUrls: boolean
  readonly artifactType: string | undefined
  /** What its annotations call it: a file of an artifact by its name, an attestation by what it says. */
  readonly title: string | undefined
}

/** Characters of a digest, of any algorithm: it is shown to clients in sentences and in headers. */
const DIGEST_LIMIT = 255
/** image-spec "Digests": algorithm components joined by `+._-`, then the encoded part. */
const DIGEST_TEXT = /^[a-z0-9]+(?:[+._-][a-z0-9]+)*:[a-zA-Z0-9=_-]+$/

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The descriptor in `value`, or a sentence that says what is wrong with it; `where` names it in the sentence. */
export function parseDescriptor(value: unknown, where: string): Descriptor | string {
  if (!isObject(value)) return `${where} is not an object`
  const { mediaType, digest: text, size, urls, artifactType, annotations } = value
  if (typeof mediaType !== 'string') return `${where}.mediaType is missing or not a string`
  if (typeof text !== 'string' || text.length > DIGEST_LIMIT || !DIGEST_TEXT.test(text))
    return `${where}.digest is missing or not a digest`
  if (typeof size !== 'number' || !Number.isSafeInteger(size) || size < 0)
    return `${where}.size is missing or not a size in bytes`
  const digest = parseDigest(text)
  if (digest === undefined && /^sha(256|512):/.test(text))
    return `${where}.digest '${text}' has the wrong length`
  return {
    mediaType,
    text,
    digest,
    size,
    hasUrls: Array.isArray(urls) && urls.length > 0,
    artifactType: typeof artifactType === 'string' ? artifactType : undefined,
    title: titleIn(annotations),
  }
}

/** image-spec "Pre-Defined Annotation Keys", and what BuildKit writes beside attestations. */
const TITLES = ['org.opencontainers.image.title', 'in-toto.io/predicate-type']

function titleIn(annotations: unknown): string | undefined {
  if (!isObject(annotations)) return undefined
  return TITLES.map((name) => annotations[name]).find(isText)
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== ''
}
