import { randomInt } from 'node:crypto'
import { commitOf, existsCheck, get, key, rangeCheck, text, versionCheck } from '../contract-tools.ts'
import { type Commit, MetadataConflict, type MetadataStore } from '../metadata-store.ts'
import { openPostgresMetadataStore } from './postgres-metadata-store.ts'

/** One process of several: `hammer-child.ts URL WORK NAME`. Ends with 1 when something is not as it should be. */

async function wins(store: MetadataStore, commit: Commit): Promise<boolean> {
  try {
    await store.commit(commit)
    return true
  } catch (error) {
    if (error instanceof MetadataConflict) return false
    throw error
  }
}

/** Counts one record up, 60 times, five at once. */
async function count(store: MetadataStore): Promise<void> {
  const once = async (): Promise<void> => {
    const found = await get(store, 'count')
    const next = String(Number(found === undefined ? 0 : text(found.value)) + 1)
    const commit = commitOf({ checks: [versionCheck('count', found?.version)], sets: { count: next } })
    if (!(await wins(store, commit))) await once()
  }
  for (let turn = 0; turn < 12; turn += 1) await Promise.all(Array.from({ length: 5 }, once))
}

/**
 * Adds to a range below its owner, removes from it, and collects the owner when the range is empty. Whatever meets,
 * there is never an entry without its owner.
 */
async function collect(store: MetadataStore, name: string): Promise<void> {
  const steps = [
    () => wins(store, commitOf({ checks: [existsCheck('owner')], sets: { [`r${name}`]: '' } })),
    () => wins(store, commitOf({ deletes: [`r${name}`] })),
    () => wins(store, commitOf({ checks: [rangeCheck('owner', 'r')], deletes: ['owner'] })),
    () => wins(store, commitOf({ checks: [versionCheck('owner', undefined)], sets: { owner: '' } })),
  ]
  for (let turn = 0; turn < 400; turn += 1) {
    await steps[randomInt(steps.length)]?.()
    if (turn % 20 === 0) await lookForOrphans(store)
  }
}

async function lookForOrphans(store: MetadataStore): Promise<void> {
  const snapshot = await store.snapshot()
  const entries = await snapshot.range({ prefix: key('r'), limit: 10 })
  const owner = await get(snapshot, 'owner')
  await snapshot.close()
  if (owner === undefined && entries.length > 0) throw new Error('entries without their owner')
}

/** Sets 1,000 tags of one repository, as a push does: the repository's name is relied on, and so is each tag. */
async function tag(store: MetadataStore, name: string): Promise<void> {
  const version = (await get(store, 'name'))?.version
  const one = (index: number) =>
    store.commit(
      commitOf({
        checks: [versionCheck('name', version), versionCheck(`t${name}${index}`, undefined)],
        sets: { [`t${name}${index}`]: '', [`l${name}${index}`]: '' },
      }),
    )
  for (let at = 0; at < 1000; at += 20)
    await Promise.all(Array.from({ length: 20 }, (_, index) => one(at + index)))
}

const WORK = { count, collect, tag }

const [, , url = '', work, name = ''] = process.argv
const run = Object.entries(WORK).find(([title]) => title === work)?.[1]
if (run === undefined) throw new Error(`there is no work called ${work}`)
const store = await openPostgresMetadataStore({ url, isQueue: (bytes) => bytes[0] === 0x72 })
await run(store, name)
await store.close()
