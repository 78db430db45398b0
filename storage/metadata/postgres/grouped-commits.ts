import { AsyncLocalStorage } from 'node:async_hooks'
import { type Check, type Commit, MetadataConflict } from '../metadata-store.ts'
import { EndOfTurn } from './end-of-turn.ts'
import { keyText } from './key-order.ts'

/** Transactions under way at the same time. */
const MOST_RUNNING = 2
/** One that takes longer than this, in milliseconds, waits for another's lock, and keeps nobody waiting behind it. */
const SLOW_MS = 100
/** Keys of one transaction, where several commits share it. */
const MOST_KEYS = 1000

/** Runs one transaction; false when a check did not hold. Reads the commit's bytes before it returns. */
type Run = (commit: Commit) => Promise<boolean>

interface Waiting {
  readonly commit: Commit
  /** What is asked of each key; undefined for a commit that shares with none. */
  readonly uses: ReadonlyMap<string, string> | undefined
  /** Runs as the request that asked for it: its trace goes along. A shared transaction is of who waited longest. */
  readonly asAsked: <Result>(act: () => Result) => Result
  readonly resolve: () => void
  readonly reject: (error: unknown) => void
}

const WRITTEN = 'written'

/**
 * Commits of one turn of the event loop share a transaction, and so do those that come while a few are under way: under
 * load one transaction makes many commits durable, and without load none waits. Only those share it that leave each other's keys
 * alone, so that together they do what one after the other would; when a check does not hold, each is tried by itself.
 */
export class GroupedCommits {
  readonly #runOne: Run
  readonly #waiting: Waiting[] = []
  readonly #endOfTurn = new EndOfTurn(() => this.#startNext())
  #running = 0

  constructor(run: Run) {
    this.#runOne = run
  }

  /** As MetadataStore.commit. */
  commit(commit: Commit): Promise<void> {
    return new Promise((resolve, reject) => {
      const asAsked = AsyncLocalStorage.snapshot()
      // The caller may change its bytes meanwhile.
      this.#waiting.push({ commit: copyOf(commit), uses: usesOf(commit), asAsked, resolve, reject })
      this.#endOfTurn.wake()
    })
  }

  #startNext(): void {
    if (this.#running >= MOST_RUNNING || this.#waiting.length === 0) return
    this.#running += 1
    let counts = true
    const makeWay = (): void => {
      if (!counts) return
      counts = false
      this.#running -= 1
      this.#endOfTurn.wake()
    }
    const slow = setTimeout(makeWay, SLOW_MS)
    void this.#run(this.#takeGroup()).finally(() => {
      clearTimeout(slow)
      makeWay()
    })
  }

  /** The one that has waited longest, with those that fit to it. */
  #takeGroup(): readonly Waiting[] {
    const group: Waiting[] = []
    const left: Waiting[] = []
    const taken = new Map<string, string>()
    for (const one of this.#waiting.splice(0)) {
      if (group.length > 0 && !fits(taken, group, one)) {
        left.push(one)
        continue
      }
      group.push(one)
      for (const [key, use] of one.uses ?? []) taken.set(key, use)
    }
    this.#waiting.push(...left)
    return group
  }

  /** Never rejects: each commit hears of its own end. */
  async #run(group: readonly Waiting[]): Promise<void> {
    const [first, second] = group
    if (first !== undefined && second !== undefined) {
      const done = await first.asAsked(() => this.#runTogether(group))
      if (done) return
    }
    await Promise.all(group.map((one) => one.asAsked(() => this.#runAlone(one))))
  }

  /** False when nothing has happened, since a check of one of them did not hold. */
  async #runTogether(group: readonly Waiting[]): Promise<boolean> {
    try {
      if (!(await this.#runOne(merged(group)))) return false
      for (const { resolve } of group) resolve()
    } catch (error) {
      for (const { reject } of group) reject(error)
    }
    return true
  }

  async #runAlone({ commit, resolve, reject }: Waiting): Promise<void> {
    try {
      if (await this.#runOne(commit)) resolve()
      else reject(new MetadataConflict('a check of the commit did not hold'))
    } catch (error) {
      reject(error)
    }
  }
}

function fits(taken: ReadonlyMap<string, string>, [first]: readonly Waiting[], { uses }: Waiting): boolean {
  if (uses === undefined || first?.uses === undefined || taken.size + uses.size > MOST_KEYS) return false
  for (const [key, use] of uses) {
    const other = taken.get(key)
    if (other !== undefined && (other === WRITTEN || other !== use)) return false
  }
  return true
}

/** Undefined for what goes alone: checks of ranges, and what is wrong in itself, which only its own caller shall hear. */
function usesOf({ checks, sets, deletes }: Commit): ReadonlyMap<string, string> | undefined {
  const uses = new Map<string, string>()
  for (const key of [...sets.map((set) => set.key), ...deletes]) {
    const name = keyText(key)
    if (uses.has(name)) return undefined
    uses.set(name, WRITTEN)
  }
  for (const check of checks) {
    if (check.kind === 'range') return undefined
    const name = keyText(check.key)
    const use = check.kind === 'exists' ? 'exists' : String(check.version)
    const other = uses.get(name)
    if (other !== undefined && other !== WRITTEN && other !== use) return undefined
    if (other === undefined) uses.set(name, use)
  }
  return uses
}

function copyOf({ checks, sets, deletes }: Commit): Commit {
  return {
    checks: checks.map(copyOfCheck),
    sets: sets.map(({ key, value }) => ({ key: Buffer.from(key), value: Buffer.from(value) })),
    deletes: deletes.map((key) => Buffer.from(key)),
  }
}

function copyOfCheck(check: Check): Check {
  if (check.kind !== 'range') return { ...check, key: Buffer.from(check.key) }
  const { owner, prefix, entries } = check
  return {
    kind: 'range',
    owner: Buffer.from(owner),
    prefix: Buffer.from(prefix),
    entries: entries.map(({ key, version }) => ({ key: Buffer.from(key), version })),
  }
}

function merged(group: readonly Waiting[]): Commit {
  return {
    checks: group.flatMap(({ commit }) => commit.checks),
    sets: group.flatMap(({ commit }) => commit.sets),
    deletes: group.flatMap(({ commit }) => commit.deletes),
  }
}
