import crypto from 'node:crypto'
import { syncBuiltinESMExports } from 'node:module'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { RegistryError } from '../oci/registry-error.ts'
import { getBlob, unlinkBlob } from '../registry/blobs.ts'
import { digestOf, image, name, tag } from '../registry/content-fixture.ts'
import { deleteManifest, deleteTag } from '../registry/delete-manifest.ts'
import { deleteRepository } from '../registry/delete-repository.ts'
import { pushImage, setPolicy } from '../registry/images-fixture.ts'
import { getManifest } from '../registry/manifests.ts'
import { mountFrom } from '../registry/mount.ts'
import {
  ALICE,
  codeOf,
  HOUR,
  openTestRegistry,
  pull,
  push,
  pushBlob,
  resolve,
  type TestRegistry,
} from '../registry/registry-fixture.ts'
import { restoreDeleted } from '../registry/restore-manifest.ts'
import { Uploads } from '../registry/uploads.ts'
import { collectOnce } from './collection-fixture.ts'
import { breaches } from './consistency-fixture.ts'
import {
  type Act,
  type Contents,
  type End,
  explore,
  openContents,
  PlainStore,
  scheduledRandom,
} from './interleaving-fixture.ts'

/**
 * Collection beside everything that clients do, in all orders of the store operations of any two, and of any three with
 * at most three switches: INTERLEAVINGS=all. The usual run takes the pairs with a collector.
 */
const ALL = process.env['INTERLEAVINGS'] === 'all'
const SWITCHES = 3
const PATIENCE_MS = ALL ? 3_600_000 : 60_000

const { randomUUID, randomBytes } = crypto
const scheduled = {
  randomUUID: () => {
    const hex = scheduledRandom()
    return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
  },
  randomBytes: (length: number) => Buffer.from(scheduledRandom(), 'hex').subarray(0, length),
}

/** For all who import them, also those that are loaded already. */
function setRandom(source: Pick<typeof crypto, 'randomBytes' | 'randomUUID'> | typeof scheduled): void {
  Object.assign(crypto, source)
  syncBuiltinESMExports()
}

beforeAll(() => setRandom(scheduled))
afterAll(() => setRandom({ randomUUID, randomBytes }))

const [APP, WEB] = ['team/app', 'team/web']
const LONE = digestOf('lone')
const START = 1_800_000_000_000
const mayPush = () => Promise.resolve(true)

/** What is here at the beginning, old enough to be collected; the fewer things, the fewer orders. */
const INGREDIENTS: Readonly<Record<string, (registry: TestRegistry) => Promise<unknown>>> = {
  lone: async (registry) => {
    await pushBlob(registry, APP, 'lone')
    await push(registry, WEB, image(await pushBlob(registry, WEB, 'lone')), { tags: ['lone'] })
  },
  one: (registry) => pushImage(registry, APP, 'one', { tags: ['v1'] }),
  two: (registry) => pushImage(registry, APP, 'two'),
  gone: async (registry) => {
    const { digest } = await pushImage(registry, APP, 'gone')
    await deleteManifest(registry.parts, name(APP), digest, ALICE)
  },
}

/** What an actor is about. */
const NEEDS: Readonly<Record<string, readonly string[]>> = {
  push: ['lone'],
  head: ['lone'],
  mount: ['lone'],
  unlink: ['lone'],
  retag: ['one', 'two'],
  'delete tag': ['one'],
  'delete manifest': ['one'],
  restore: ['gone'],
  'push again': ['gone'],
  'delete repository': ['one'],
}

async function worldFor(actors: readonly string[]): Promise<Contents> {
  const needed = new Set(actors.flatMap((actor) => NEEDS[actor] ?? []))
  if (needed.size === 0) needed.add('lone')
  const store = new PlainStore()
  const registry = await openTestRegistry({}, { metadata: store })
  await setPolicy(registry, 'team', { retention: [{ name: 'untagged' }] })
  for (const [ingredient, add] of Object.entries(INGREDIENTS)) if (needed.has(ingredient)) await add(registry)
  return { ...store.contents, blobs: registry.contents }
}

const manifestOf = (text: string) =>
  digestOf(image(digestOf(`config of ${text}`), [digestOf(`layer of ${text}`)]))

/** A registry over the stores of one run, late enough that everything unused is due. */
async function registryOver(stores: Parameters<Act>[0]): Promise<TestRegistry> {
  const registry = await openTestRegistry({}, { metadata: stores.metadata })
  registry.clock.now = START + 26 * HOUR
  const parts = { ...registry.parts, blobs: stores.blobs }
  return { ...registry, parts, blobs: stores.blobs, uploads: new Uploads(parts) }
}

function acting(act: (registry: TestRegistry) => Promise<string>): Act {
  return async (stores) => {
    const registry = await registryOver(stores)
    return act(registry).catch((error: unknown) => {
      const code = codeOf(error)
      if (typeof code !== 'string' || !(error instanceof RegistryError)) throw error
      return code
    })
  }
}

/** Pushes the manifest of a blob that the client believes to be here. */
async function pushBelieved(registry: TestRegistry, blob: typeof LONE): Promise<string> {
  try {
    await push(registry, APP, image(blob), { tags: ['new'] })
    return 'pushed'
  } catch (error) {
    return codeOf(error) === 'MANIFEST_BLOB_UNKNOWN' ? 'deceived' : String(codeOf(error))
  }
}

const ACTS: Readonly<Record<string, Act>> = {
  collect: acting(async (registry) => {
    await collectOnce(registry)
    return 'collected'
  }),
  push: acting(async (registry) => pushBelieved(registry, await pushBlob(registry, APP, 'lone'))),
  head: acting(async (registry) => {
    await getBlob(registry.parts, name(APP), LONE, mayPush)
    return pushBelieved(registry, LONE)
  }),
  mount: acting(async (registry) => {
    const request = { name: name(APP), digest: LONE, account: ALICE }
    return (await mountFrom(registry.parts, request, name(WEB)))
      ? pushBelieved(registry, LONE)
      : 'not mounted'
  }),
  retag: acting(async (registry) => {
    const digest = manifestOf('two')
    await getManifest(registry.parts, name(APP), { kind: 'digest', digest }, mayPush)
    const bytes = image(digestOf('config of two'), [digestOf('layer of two')])
    const pushed = push(registry, APP, bytes, { tags: ['v1'] })
    return pushed.then(
      () => 'retagged',
      (error: unknown) => (codeOf(error) === 'MANIFEST_BLOB_UNKNOWN' ? 'deceived' : String(codeOf(error))),
    )
  }),
  'delete tag': acting(async (registry) => {
    await deleteTag(registry.parts, name(APP), tag('v1'), { by: ALICE })
    return 'deleted'
  }),
  'delete manifest': acting(async (registry) => {
    await deleteManifest(registry.parts, name(APP), manifestOf('one'), ALICE)
    return 'deleted'
  }),
  restore: acting(async (registry) => {
    await restoreDeleted(registry.parts, {
      name: name(APP),
      digest: manifestOf('gone'),
      account: ALICE,
      tags: [tag('back')],
    })
    return 'restored'
  }),
  'push again': acting(async (registry) => {
    const bytes = image(digestOf('config of gone'), [digestOf('layer of gone')])
    await push(registry, APP, bytes, { tags: ['back'] })
    return 'restored'
  }),
  unlink: acting(async (registry) => {
    await unlinkBlob(registry.parts, name(APP), LONE)
    return 'unlinked'
  }),
  'delete repository': acting(async (registry) => {
    await deleteRepository(registry.parts, name(APP))
    return 'deleted'
  }),
}

/** Tags that an outcome promises, and the content behind them. */
const PROMISES: Readonly<Record<string, { readonly tag: string; readonly blob: typeof LONE }>> = {
  pushed: { tag: 'new', blob: LONE },
  retagged: { tag: 'v1', blob: digestOf('layer of two') },
  restored: { tag: 'back', blob: digestOf('layer of gone') },
}
/** Who may take away what another was promised. */
const TAKERS = ['unlink', 'delete repository']

const checked = new Set<string>()

/** Right after the last operation the records must agree; and once the collector is through, only the living are left. */
async function check({ outcomes, schedule, contents }: End): Promise<void> {
  const names = Object.keys(outcomes)
  const context = `${JSON.stringify(outcomes)} after ${schedule.map((at) => names[at]?.slice(0, 9)).join(' ')}`
  const taken = names.some((actor) => TAKERS.includes(actor))
  const state = `${JSON.stringify(outcomes)} ${new PlainStore(contents).digest}`
  if (checked.has(state)) return
  checked.add(state)
  expect(
    names.filter((actor) => outcomes[actor]?.startsWith('rejected')),
    context,
  ).toEqual([])
  if (!taken)
    expect(
      names.filter((actor) => outcomes[actor] === 'deceived'),
      context,
    ).toEqual([])
  const { metadata, blobs, stored } = openContents(contents)
  const registry = await openTestRegistry({}, { metadata, blobs: stored })
  registry.clock.now = START + 26 * HOUR
  expect(blobs).toBeDefined()
  const tolerated = (sentence: string) => !(taken && sentence.includes('which is missing'))
  expect((await breaches(registry, false)).filter(tolerated), context).toEqual([])
  for (let step = 0; step < 8; step++) {
    registry.clock.now += 30 * HOUR
    await collectOnce(registry)
  }
  // Bytes of a push whose repository was deleted under it are left to the sweep.
  const orphaned = (sentence: string) => !(taken && sentence.includes("nobody's"))
  expect((await breaches(registry, true)).filter(tolerated).filter(orphaned), context).toEqual([])
  await expectPromises(registry, outcomes, context)
}

async function expectPromises(
  registry: TestRegistry,
  outcomes: End['outcomes'],
  context: string,
): Promise<void> {
  if (Object.keys(outcomes).some((actor) => TAKERS.includes(actor))) return
  for (const [actor, outcome] of Object.entries(outcomes)) {
    const promise = PROMISES[outcome]
    if (promise === undefined) continue
    const moved =
      promise.tag === 'v1' &&
      Object.keys(outcomes).some((other) => other !== actor && other.startsWith('delete'))
    if (!moved) expect(await resolve(registry, APP, promise.tag), `${actor}: ${context}`).toBeDefined()
    if (!moved) expect(await pull(registry, APP, promise.blob), `${actor}: ${context}`).toBeDefined()
  }
}

const names = Object.keys(ACTS)
const pairs = names
  .flatMap((one, at) => names.slice(at).map((two) => [one, two] as const))
  .filter(([one]) => ALL || one === 'collect')
const TRIPLES: readonly (readonly [string, string, string])[] = ALL
  ? names.flatMap((one, at) =>
      names
        .slice(at + 1)
        .flatMap((two, next) => names.slice(at + next + 2).map((three) => [one, two, three] as const)),
    )
  : []

/** Two of the same kind are two actors. */
function actsOf(...who: readonly string[]): Record<string, Act> {
  const acts: Record<string, Act> = {}
  for (const one of who) {
    const act = ACTS[one]
    if (act === undefined) throw new Error(`nobody does ${one}`)
    acts[one in acts ? `${one} again` : one] = act
  }
  return acts
}

let orders = 0
let states = 0
afterAll(() => {
  process.stdout.write(`interleavings: ${orders} orders, ${states} states, ${checked.size} different ends\n`)
})

describe('in every order of their store operations', () => {
  it.each(pairs)('%s and %s end consistent', { timeout: PATIENCE_MS }, async (one, two) => {
    const found = await explore(await worldFor([one, two]), actsOf(one, two), check)
    orders += found.orders
    states += found.states
    expect(found.states).toBeGreaterThan(0)
  })

  it.runIf(ALL).each(TRIPLES)(
    '%s, %s and %s do, with few switches',
    { timeout: PATIENCE_MS },
    async (one, two, three) => {
      const found = await explore(await worldFor([one, two, three]), actsOf(one, two, three), check, SWITCHES)
      orders += found.orders
      states += found.states
      expect(found.states).toBeGreaterThan(0)
    },
  )
})
