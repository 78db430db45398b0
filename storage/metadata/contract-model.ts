import * as fc from 'fast-check'
import { expect } from 'vitest'
import {
  type ContractCase,
  commitOf,
  existsCheck,
  key,
  rangeCheck,
  text,
  versionCheck,
} from './contract-tools.ts'
import {
  type Check,
  type Commit,
  type Entry,
  MetadataConflict,
  type MetadataStore,
} from './metadata-store.ts'

/** What the store should hold: a value, and its version as last read ('new' until it was read). */
type Model = Map<string, { readonly value: string; readonly version: bigint | 'new' }>

const NAMES = ['a', 'a\u0000', 'a\u00ff', 'aa', 'b', '\u00ff']
const PREFIXES = ['', 'a', 'a\u0000', 'b', '\u00ff']

/** A version that no record has: the first ones of a fresh store are 1, 2, 3. */
const NEVER = 2n ** 62n

/** A commit before the store is known: `good` says whether the check is made to hold. */
interface Plan {
  readonly checks: readonly { readonly kind: Check['kind']; readonly at: number; readonly good: boolean }[]
  readonly writes: readonly { readonly at: number; readonly value: string | undefined }[]
}

const plan: fc.Arbitrary<Plan> = fc.record({
  checks: fc.array(
    fc.record({
      kind: fc.constantFrom<Check['kind'][]>('version', 'exists', 'range'),
      at: fc.nat({ max: NAMES.length - 1 }),
      good: fc.boolean(),
    }),
    { maxLength: 2 },
  ),
  writes: fc.uniqueArray(
    fc.record({
      at: fc.nat({ max: NAMES.length - 1 }),
      value: fc.option(fc.string({ maxLength: 3, unit: 'binary-ascii' }), { nil: undefined }),
    }),
    { selector: ({ at }) => at, maxLength: 3 },
  ),
})

/** Every commit writes the owner, so range checks are sound on every engine. */
function build({ checks, writes }: Plan, before: readonly Entry[]): Commit {
  const sets = writes.flatMap(({ at, value }) =>
    value === undefined ? [] : [[NAMES[at] ?? '', value] as const],
  )
  const deletes = writes.flatMap(({ at, value }) => (value === undefined ? [NAMES[at] ?? ''] : []))
  return commitOf({
    checks: checks.map(({ kind, at, good }) => buildCheck(kind, at, { before, good })),
    sets: { owner: '', ...Object.fromEntries(sets) },
    deletes,
  })
}

function buildCheck(
  kind: Check['kind'],
  at: number,
  { before, good }: { before: readonly Entry[]; good: boolean },
): Check {
  const name = NAMES[at] ?? ''
  const entry = before.find((one) => text(one.key) === name)
  if (kind === 'exists') return existsCheck(name)
  if (kind === 'version') return versionCheck(name, good ? entry?.version : NEVER)
  const prefix = PREFIXES[at % PREFIXES.length] ?? ''
  const inside = before.filter((one) => text(one.key).startsWith(prefix))
  return rangeCheck('owner', prefix, good ? inside : inside.slice(1))
}

function holds(model: Model, check: Check): boolean {
  if (check.kind === 'exists') return model.has(text(check.key))
  if (check.kind === 'version') return model.get(text(check.key))?.version === check.version
  const inside = [...model].filter(([name]) => name.startsWith(text(check.prefix)))
  return (
    inside.length === check.entries.length &&
    check.entries.every((entry) => model.get(text(entry.key))?.version === entry.version)
  )
}

/** The model after `commits` in this order, with what each of them should answer. */
function play(model: Model, commits: readonly Commit[]): { after: Model; answers: boolean[] } {
  const after: Model = new Map(model)
  const answers = commits.map((commit) => {
    if (!commit.checks.every((check) => holds(after, check))) return false
    for (const set of commit.sets) after.set(text(set.key), { value: text(set.value), version: 'new' })
    for (const name of commit.deletes) after.delete(text(name))
    return true
  })
  return { after, answers }
}

function orders<T>(items: readonly T[]): T[][] {
  if (items.length <= 1) return [[...items]]
  return items.flatMap((item, at) => orders(items.toSpliced(at, 1)).map((rest) => [item, ...rest]))
}

async function answer(store: MetadataStore, commit: Commit): Promise<boolean> {
  try {
    await store.commit(commit)
    return true
  } catch (error) {
    if (error instanceof MetadataConflict) return false
    throw error
  }
}

function modelOf(entries: readonly Entry[]): Model {
  return new Map(
    entries.map((entry) => [text(entry.key), { value: text(entry.value), version: entry.version }]),
  )
}

function contents(model: Model): [string, string][] {
  return [...model]
    .map(([name, { value }]): [string, string] => [name, value])
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
}

/** Commits side by side must come out as in one of their orders. */
async function step(store: MetadataStore, plans: readonly Plan[], versions: Set<bigint>): Promise<void> {
  const all = { prefix: key(''), limit: 100 }
  const before = await store.range(all)
  const commits = plans.map((one) => build(one, before))
  const answers = await Promise.all(commits.map((commit) => answer(store, commit)))
  const after = await store.range(all)
  const seen = { answers, contents: contents(modelOf(after)) }
  const possible = orders([...commits.keys()]).map((order) => {
    const played = play(
      modelOf(before),
      order.flatMap((at) => commits[at] ?? []),
    )
    return {
      answers: commits.map((_, at) => played.answers[order.indexOf(at)]),
      contents: contents(played.after),
    }
  })
  expect(possible).toContainEqual(seen)
  noteVersions(before, after, versions)
}

function noteVersions(before: readonly Entry[], after: readonly Entry[], versions: Set<bigint>): void {
  const old = new Set(before.map(({ version }) => version))
  for (const { version } of after) {
    if (!old.has(version)) expect(versions.has(version)).toBe(false)
    versions.add(version)
  }
}

async function empty(store: MetadataStore): Promise<void> {
  await store.commit(commitOf({ deletes: [...NAMES, 'owner'] }))
}

export const modelCases: readonly ContractCase[] = [
  {
    title: 'random commits one by one do what a Map would do',
    async run({ store }) {
      const versions = new Set<bigint>()
      await fc.assert(
        fc.asyncProperty(fc.array(plan, { maxLength: 15 }), async (plans) => {
          await empty(store)
          for (const one of plans) await step(store, [one], versions)
        }),
        { numRuns: 60 },
      )
    },
  },
  {
    title: 'random commits side by side come out as in one of their orders',
    async run({ store }) {
      const versions = new Set<bigint>()
      await fc.assert(
        fc.asyncProperty(
          fc.array(fc.array(plan, { minLength: 2, maxLength: 4 }), { maxLength: 6 }),
          async (steps) => {
            await empty(store)
            for (const plans of steps) await step(store, plans, versions)
          },
        ),
        { numRuns: 60 },
      )
    },
  },
]
