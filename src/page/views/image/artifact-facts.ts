import { plural, shortDigest } from '../../format.ts'

/** Something that an artifact says of itself, in words. */
export type ArtifactFact = readonly [name: string, text: string]

/** What is known of a document by its own form: bills of materials, attestations, signatures, charts; nothing of others. */
export function artifactFacts(document: unknown): readonly ArtifactFact[] {
  const forms = [spdx, cycloneDx, bundle, envelope, notation, statement, simpleSigning, chart]
  for (const form of forms) {
    const facts = form(document)?.flatMap(([name, text]) =>
      text === undefined ? [] : [[name, text] as const],
    )
    if (facts !== undefined) return facts
  }
  return []
}

type MaybeFacts = readonly (readonly [name: string, text: string | undefined])[] | undefined

/** The value along names; undefined where there is none. */
function at(value: unknown, ...names: readonly (string | number)[]): unknown {
  let found = value
  for (const name of names) {
    if (typeof found !== 'object' || found === null || !Object.hasOwn(found, name)) return undefined
    found = Reflect.get(found, name)
  }
  return found
}

function textAt(value: unknown, ...names: readonly (string | number)[]): string | undefined {
  const found = at(value, ...names)
  return typeof found === 'string' && found !== '' ? found : undefined
}

function listAt(value: unknown, ...names: readonly (string | number)[]): readonly unknown[] {
  const found: unknown = at(value, ...names)
  return Array.isArray(found) ? found : []
}

function joined(texts: readonly (string | undefined)[]): string | undefined {
  const known = texts.filter((text) => text !== undefined)
  return known.length === 0 ? undefined : known.join(', ')
}

function spdx(document: unknown): MaybeFacts {
  const version = textAt(document, 'spdxVersion')
  if (version === undefined) return undefined
  const creators = listAt(document, 'creationInfo', 'creators')
  return [
    ['form', `bill of materials, ${version}`],
    ['of', textAt(document, 'name')],
    ['holds', plural(listAt(document, 'packages').length, 'package')],
    ['made by', joined(creators.map((one) => (typeof one === 'string' ? one : undefined)))],
    ['made', textAt(document, 'creationInfo', 'created')],
  ]
}

function cycloneDx(document: unknown): MaybeFacts {
  if (textAt(document, 'bomFormat') !== 'CycloneDX') return undefined
  const main = ['metadata', 'component'] as const
  return [
    ['form', `bill of materials, CycloneDX ${textAt(document, 'specVersion') ?? ''}`.trim()],
    ['of', joined([textAt(document, ...main, 'name'), textAt(document, ...main, 'version')])],
    ['holds', plural(listAt(document, 'components').length, 'component')],
    ['made', textAt(document, 'metadata', 'timestamp')],
  ]
}

/** What cosign writes since version 3, and GitHub's attestations: an envelope or a bare signature, with what proves it. */
function bundle(document: unknown): MaybeFacts {
  if (textAt(document, 'mediaType')?.startsWith('application/vnd.dev.sigstore.bundle') !== true)
    return undefined
  const signed = envelope(at(document, 'dsseEnvelope'))
  return [['kept in', 'a bundle of sigstore, with what proves it'], ...(signed ?? [['form', 'signature']])]
}

/** DSSE: what is signed is in base64. */
function envelope(document: unknown): MaybeFacts {
  const [type, payload] = [textAt(document, 'payloadType'), textAt(document, 'payload')]
  if (type === undefined || payload === undefined) return undefined
  return [
    ['form', `signed envelope of ${type}`],
    ['signatures', plural(listAt(document, 'signatures').length, 'signature')],
    ...(statement(parsedJson(decoded(payload))) ?? []),
  ]
}

/** JWS as notation signs: what is signed, and when, are in base64url. */
function notation(document: unknown): MaybeFacts {
  const payload = textAt(document, 'payload')
  if (payload === undefined || textAt(document, 'signature') === undefined) return undefined
  const signed = parsedJson(decoded(payload))
  const digest = textAt(signed, 'targetArtifact', 'digest')
  if (digest === undefined) return undefined
  const head = parsedJson(decoded(textAt(document, 'protected') ?? ''))
  return [
    ['form', 'signature of notation'],
    ['of', joined([textAt(signed, 'targetArtifact', 'mediaType'), shortDigest(digest)])],
    ['signed', textAt(head, 'io.cncf.notary.signingTime')],
  ]
}

function statement(document: unknown): MaybeFacts {
  const type = textAt(document, 'predicateType')
  if (type === undefined) return undefined
  const subjects = listAt(document, 'subject').map((one) =>
    joined([textAt(one, 'name'), digestText(textAt(one, 'digest', 'sha256'))]),
  )
  const predicate = ['predicate'] as const
  const builder =
    textAt(document, ...predicate, 'builder', 'id') ??
    textAt(document, ...predicate, 'runDetails', 'builder', 'id')
  const materials =
    at(document, ...predicate, 'materials') === undefined
      ? listAt(document, ...predicate, 'buildDefinition', 'resolvedDependencies')
      : listAt(document, ...predicate, 'materials')
  return [
    ['says', type],
    ['about', joined(subjects.slice(0, SHOWN))],
    ['built by', builder],
    [
      'built from',
      materials.length === 0
        ? undefined
        : joined([
            ...materials.slice(0, SHOWN).map((one) => textAt(one, 'uri')),
            materials.length > SHOWN ? `${materials.length - SHOWN} more` : undefined,
          ]),
    ],
  ]
}

/** Subjects and materials that are named. */
const SHOWN = 5

function simpleSigning(document: unknown): MaybeFacts {
  const digest = textAt(document, 'critical', 'image', 'docker-manifest-digest')
  if (digest === undefined) return undefined
  return [
    ['form', textAt(document, 'critical', 'type') ?? 'signature'],
    ['of', joined([textAt(document, 'critical', 'identity', 'docker-reference'), shortDigest(digest)])],
  ]
}

/** What a chart says in its Chart.yaml, which its config is. */
function chart(document: unknown): MaybeFacts {
  const [api, name] = [textAt(document, 'apiVersion'), textAt(document, 'name')]
  if (api === undefined || name === undefined || textAt(document, 'version') === undefined) return undefined
  const needs = listAt(document, 'dependencies').map((one) =>
    [textAt(one, 'name'), textAt(one, 'version')].filter((text) => text !== undefined).join(' '),
  )
  return [
    ['chart', `${name} ${textAt(document, 'version') ?? ''}`],
    ['what it is', textAt(document, 'description')],
    ['of the program', textAt(document, 'appVersion')],
    ['for Kubernetes', textAt(document, 'kubeVersion')],
    ['needs', needs.length === 0 ? undefined : needs.join(', ')],
  ]
}

function digestText(hex: string | undefined): string | undefined {
  return hex === undefined ? undefined : shortDigest(`sha256:${hex}`)
}

/** Of base64, or of base64url. */
function decoded(text: string): string {
  const base64 = text.replaceAll('-', '+').replaceAll('_', '/')
  try {
    return new TextDecoder().decode(Uint8Array.from(atob(base64), (character) => character.charCodeAt(0)))
  } catch {
    // Then nothing is said of what it holds.
    return ''
  }
}

/** The value of a text of JSON; undefined when it is none. */
export function parsedJson(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text)
    return value
  } catch {
    // Most of what artifacts hold is no JSON.
    return undefined
  }
}
