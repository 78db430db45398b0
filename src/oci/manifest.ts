import { ambiguousName } from './ambiguous-names.ts'
import { type Descriptor, isObject, parseDescriptor } from './descriptor.ts'
import { NESTS_TOO_DEEP, nestsTooDeep } from './json-depth.ts'
import {
  DOCKER_LIST,
  DOCKER_MANIFEST,
  type ManifestKind,
  manifestKind,
  OCI_INDEX,
  OCI_MANIFEST,
} from './media-type.ts'

/** What a registry reads of a manifest. The bytes themselves are kept as they came. */
export interface ParsedManifest {
  readonly mediaType: string
  readonly kind: ManifestKind
  readonly config: Descriptor | undefined
  readonly layers: readonly Descriptor[]
  readonly manifests: readonly Descriptor[]
  readonly subject: Descriptor | undefined
  readonly artifactType: string | undefined
  readonly annotations: Readonly<Record<string, string>> | undefined
}

type Json = Readonly<Record<string, unknown>>
/** A sentence about what is wrong. */
type Problem = string

/**
 * Parses and checks a manifest. `headerType` is the bare Content-Type, empty when none was sent.
 * Returns a sentence for the client when the manifest cannot be accepted.
 */
export function parseManifest(bytes: Uint8Array, headerType: string): ParsedManifest | Problem {
  if (nestsTooDeep(bytes)) return NESTS_TOO_DEEP
  const json = parseJson(bytes)
  if (json === undefined)
    return startsWithMark(bytes)
      ? 'manifest begins with a byte order mark, which clients do not read; send plain UTF-8'
      : 'manifest is not a JSON object'
  const ambiguous = ambiguousName(bytes)
  if (ambiguous !== undefined) return `manifest is ambiguous: ${ambiguous}`
  const mediaType = typeOf(json, headerType)
  if (mediaType.startsWith('application/vnd.docker.distribution.manifest.v1') || json['schemaVersion'] === 1)
    return 'docker schema 1 manifests are not supported; push with docker 1.10 or newer, or convert with skopeo'
  const kind = manifestKind(mediaType)
  if (kind === undefined)
    return `media type ${shown(mediaType)} is not a manifest type; use ${OCI_MANIFEST} or ${OCI_INDEX}`
  return headProblem(json, mediaType, kind) ?? parseParts(json, mediaType, kind)
}

function parseJson(bytes: Uint8Array): Json | undefined {
  try {
    const json: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes))
    return isObject(json) ? json : undefined
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof TypeError) return undefined
    throw error
  }
}

function startsWithMark(bytes: Uint8Array): boolean {
  return bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf
}

/** Clients may send no type, or a generic one; then the manifest speaks for itself. */
function typeOf(json: Json, headerType: string): string {
  if (headerType !== '' && headerType !== 'application/json') return headerType
  const { mediaType } = json
  if (typeof mediaType === 'string') return mediaType
  return 'manifests' in json ? OCI_INDEX : OCI_MANIFEST
}

/** As a sentence can hold it: a manifest may say megabytes, or no text at all, where a type belongs. */
function shown(value: unknown): string {
  return typeof value === 'string' ? `'${value.slice(0, 100)}'` : 'not a string'
}

function headProblem(json: Json, mediaType: string, kind: ManifestKind): Problem | undefined {
  if (json['schemaVersion'] !== 2) return 'schemaVersion must be 2'
  const own = json['mediaType']
  // image-spec "Image Manifest": "mediaType ... when used, this field MUST contain the media type" of the document.
  if (own !== undefined && own !== mediaType)
    return `mediaType in the manifest is ${shown(own)}, Content-Type says ${shown(mediaType)}`
  if (own === undefined && (mediaType === DOCKER_MANIFEST || mediaType === DOCKER_LIST))
    return `a docker manifest must hold its mediaType`
  // A document that reads as an image for one client and as an index for another (CVE-2021-41190).
  if (kind === 'image' && 'manifests' in json) return `an image manifest may not hold 'manifests'`
  if (kind === 'image' && !Array.isArray(json['layers']))
    return `an image manifest must hold a list of 'layers', which may be empty`
  if (kind === 'index' && ('config' in json || 'layers' in json))
    return `an index may not hold 'config' or 'layers'`
  return undefined
}

function parseParts(json: Json, mediaType: string, kind: ManifestKind): ParsedManifest | Problem {
  const config = kind === 'image' ? parseDescriptor(json['config'], 'config') : undefined
  if (typeof config === 'string') return config
  const layers = parseList(json['layers'], 'layers')
  if (typeof layers === 'string') return layers
  const manifests = parseList(json['manifests'], 'manifests')
  if (typeof manifests === 'string') return manifests
  if (kind === 'index' && !Array.isArray(json['manifests'])) return `an index must hold a list of 'manifests'`
  const subject = json['subject'] === undefined ? undefined : parseDescriptor(json['subject'], 'subject')
  if (typeof subject === 'string') return subject
  const annotations = parseAnnotations(json['annotations'])
  if (typeof annotations === 'string') return annotations
  const { artifactType } = json
  if (artifactType !== undefined && typeof artifactType !== 'string') return 'artifactType is not a string'
  return { mediaType, kind, config, layers, manifests, subject, artifactType, annotations }
}

function parseList(value: unknown, where: string): readonly Descriptor[] | Problem {
  if (value === undefined || value === null) return []
  if (!Array.isArray(value)) return `${where} is not an array`
  const list: Descriptor[] = []
  for (const [index, item] of value.entries()) {
    const descriptor = parseDescriptor(item, `${where}[${index}]`)
    if (typeof descriptor === 'string') return descriptor
    list.push(descriptor)
  }
  return list
}

function parseAnnotations(value: unknown): Readonly<Record<string, string>> | undefined | Problem {
  if (value === undefined || value === null) return undefined
  if (!isObject(value)) return 'annotations is not an object'
  const entries: [string, string][] = []
  for (const [key, text] of Object.entries(value)) {
    if (typeof text !== 'string') return `annotation '${key.slice(0, 100)}' is not a string`
    entries.push([key, text])
  }
  return Object.fromEntries(entries)
}

/**
 * The artifact type that a referrers list shows: distribution-spec "Listing Referrers": "set to artifactType in the
 * image manifest, or its config descriptor's mediaType when absent; for an index without one it is omitted".
 */
export function effectiveArtifactType(manifest: ParsedManifest): string | undefined {
  const own = manifest.artifactType === '' ? undefined : manifest.artifactType
  return own ?? (manifest.kind === 'image' ? manifest.config?.mediaType : undefined)
}
