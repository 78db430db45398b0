/** What a group writes, by the ranges that it checks: to look through all of it for each check takes too long. */
export class WrittenRanges {
  readonly #byPrefix: ReadonlyMap<string, Map<string, bigint | undefined>>
  readonly #lengths: ReadonlySet<number>

  /** `prefixes`: of the ranges that may be asked for. */
  constructor(prefixes: readonly string[]) {
    this.#byPrefix = new Map(prefixes.map((prefix) => [prefix, new Map<string, bigint | undefined>()]))
    this.#lengths = new Set(prefixes.map(({ length }) => length))
  }

  /** Under the key of this text stands this version now; undefined: nothing. */
  note(text: string, version: bigint | undefined): void {
    for (const length of this.#lengths) this.#byPrefix.get(text.slice(0, length))?.set(text, version)
  }

  in(prefix: string): ReadonlyMap<string, bigint | undefined> {
    return this.#byPrefix.get(prefix) ?? new Map<string, bigint | undefined>()
  }
}
