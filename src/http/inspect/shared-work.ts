/**
 * Work that is under way once for all who ask for it at the same time. Not for lists: who has just pushed must not be
 * answered by what somebody else began before.
 */
export class SharedWork<Result> {
  readonly #doing = new Map<string, Promise<Result>>()

  /** What is under way under a key, or is begun now. Rejects for all of them alike. */
  of(key: string, work: () => Promise<Result>): Promise<Result> {
    return this.#doing.get(key) ?? this.#begin(key, work)
  }

  #begin(key: string, work: () => Promise<Result>): Promise<Result> {
    const doing = work().finally(() => this.#doing.delete(key))
    this.#doing.set(key, doing)
    return doing
  }
}
