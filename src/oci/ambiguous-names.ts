import { type JsonVisitor, scanJson } from './json-scan.ts'

/** Members of a manifest that decide what a client pulls, which is what parseManifest reads. */
export const MANIFEST_MEMBERS = [
  'schemaVersion',
  'mediaType',
  'artifactType',
  'config',
  'layers',
  'manifests',
  'subject',
  'annotations',
]
const OF_MANIFEST = byFolded(MANIFEST_MEMBERS)
/** Those of each descriptor in it. */
const OF_DESCRIPTOR = byFolded(['mediaType', 'digest', 'size', 'urls', 'artifactType', 'data'])

/** Bytes of a name that is looked at: the longest of the above, with every character escaped, and quotes. */
const LONGEST = 6 * 'schemaVersion'.length + 2

/**
 * A sentence when a name that decides what clients pull stands twice in one object, or in other letters too: Go's
 * clients take `Layers` for `layers`, and of two the last one, where others take the first or refuse; such a manifest
 * would be one image to a scanner and another to who runs it. `bytes` are JSON.
 */
export function ambiguousName(bytes: Uint8Array): string | undefined {
  const names = new Names(bytes)
  const scan = scanJson(bytes, names)
  for (;;) {
    const step = scan.next()
    if (names.problem !== undefined) return names.problem
    if (step.done !== true) continue
    // What JSON.parse reads, and the scan does not: nothing behind it was looked at.
    return step.value === 'valid' ? undefined : 'it holds a number that is too long'
  }
}

/** The member that a name means to a client that does not mind case; undefined for others. */
export function readAs(name: Uint8Array): string | undefined {
  const text = textOf(name)
  return text === undefined ? undefined : OF_MANIFEST.get(fold(text))
}

class Names implements JsonVisitor {
  problem: string | undefined
  readonly #bytes: Uint8Array
  /** The member of the manifest that the scan is in. */
  #member = ''
  readonly #ofManifest = new Set<string>()
  #ofDescriptor = new Set<string>()

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  key(depth: number, start: number, end: number): void {
    if (depth === 1) {
      this.#member = this.#note(OF_MANIFEST, this.#ofManifest, [start, end]) ?? ''
      this.#ofDescriptor = new Set()
    } else if (depth === descriptorDepth(this.#member))
      this.#note(OF_DESCRIPTOR, this.#ofDescriptor, [start, end])
  }

  value(depth: number): void {
    // A descriptor has ended.
    if (depth + 1 === descriptorDepth(this.#member)) this.#ofDescriptor = new Set()
  }

  /** The member that the name means, if it is one of `known`. */
  #note(
    known: ReadonlyMap<string, string>,
    seen: Set<string>,
    [start, end]: readonly [number, number],
  ): string | undefined {
    const text = textOf(this.#bytes.subarray(start, end))
    const meant = text === undefined ? undefined : known.get(fold(text))
    if (meant === undefined) return undefined
    if (text !== meant) this.problem ??= `'${text}' is not '${meant}', though some clients read it so`
    else if (seen.has(meant))
      this.problem ??= `'${meant}' stands twice in one object, and clients differ in which they read`
    seen.add(meant)
    return meant
  }
}

/** Objects and arrays around a descriptor's names. */
function descriptorDepth(member: string): number | undefined {
  if (member === 'config' || member === 'subject') return 2
  return member === 'layers' || member === 'manifests' ? 3 : undefined
}

function byFolded(names: readonly string[]): ReadonlyMap<string, string> {
  return new Map(names.map((name) => [fold(name), name]))
}

/** As encoding/json of Go compares names: without case, and with the two letters that Unicode folds into ASCII. */
function fold(text: string): string {
  return text.toUpperCase().toLowerCase()
}

/** What a quoted name says; undefined for one that is too long to matter. */
function textOf(name: Uint8Array): string | undefined {
  if (name.length > LONGEST) return undefined
  const text: unknown = JSON.parse(new TextDecoder().decode(name))
  return typeof text === 'string' ? text : undefined
}
