import { type JsonVisitor, scanJson } from './json-scan.ts'

/**
 * The first member that stands twice in one object of the JSON in `bytes`; undefined when there is none, and for what is
 * no JSON. RFC 8259 §4: of names that are not unique, implementations read the last, the first, or all of them.
 */
export function repeatedMember(bytes: Uint8Array): string | undefined {
  const members = new Members(bytes)
  const scan = scanJson(bytes, members)
  while (members.repeated === undefined && scan.next().done !== true);
  return members.repeated
}

class Members implements JsonVisitor {
  repeated: string | undefined
  readonly #bytes: Uint8Array
  /** Names of the objects that are open, by the number of objects and arrays around them. */
  readonly #open = new Map<number, Set<string>>()

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  key(depth: number, start: number, end: number): void {
    const name: unknown = JSON.parse(new TextDecoder().decode(this.#bytes.subarray(start, end)))
    if (typeof name !== 'string') return
    const names = this.#open.get(depth) ?? new Set()
    if (names.has(name)) this.repeated ??= name
    this.#open.set(depth, names.add(name))
  }

  value(depth: number): void {
    this.#open.delete(depth + 1)
  }
}
