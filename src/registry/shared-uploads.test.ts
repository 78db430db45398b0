import { setImmediate } from 'node:timers/promises'
import { beforeEach, describe, expect, it } from 'vitest'
import { tenureOf } from '../../storage/blobs/s3/registry-fixture.ts'
import { createS3BlobStore } from '../../storage/blobs/s3/s3-blob-store.ts'
import { SimulatedBucket } from '../../storage/blobs/s3/simulated-bucket.ts'
import type { MetadataStore } from '../../storage/metadata/metadata-store.ts'
import type { Digest } from '../oci/digest.ts'
import { chunk, digestOf, name } from './content-fixture.ts'
import type { RegistryParts } from './parts.ts'
import { ALICE, codeOf, openTestRegistry, pull, type TestRegistry } from './registry-fixture.ts'
import type { SessionName } from './upload-session.ts'
import { Uploads } from './uploads.ts'

const PART = 1000
const team = name('team/app')

let registry: TestRegistry
let bucket: SimulatedBucket

beforeEach(async () => {
  registry = await openTestRegistry({ hasReplicas: true })
  bucket = new SimulatedBucket()
})

/** What another replica has, on the same stores. */
function replica(shared: TestRegistry, on: SimulatedBucket, metadata = shared.metadata): RegistryParts {
  const plan = { first: PART, run: 100 }
  const blobs = createS3BlobStore({ bucket: on, tenure: tenureOf(on), memory: 20_000, plan })
  return { ...shared.parts, metadata, blobs }
}

async function start(uploads: Uploads): Promise<SessionName> {
  return { id: await uploads.start(team, ALICE), name: team, account: ALICE }
}

function code(action: Promise<unknown>): Promise<string> {
  return action.then(
    () => 'no failure',
    (error: unknown) => String(codeOf(error)),
  )
}

describe('two replicas that send parts of one upload', () => {
  it.each([
    ['with its first bytes', 0],
    ['after some parts', 2500],
  ])('%s: one does', async (_, before) => {
    const [one, other] = [new Uploads(replica(registry, bucket)), new Uploads(replica(registry, bucket))]
    const session = await start(one)
    const earlier = Buffer.alloc(before, 'both')
    if (before > 0) await one.append(session, chunk(earlier, { range: { start: 0, end: before - 1 } }))
    const [mine, yours] = [Buffer.alloc(2500, 'mine'), Buffer.alloc(2500, 'yours')]
    let there: unknown
    // When the first one's bytes are on their way, and in no record yet.
    bucket.after = async (call) => {
      if (!call.startsWith('part')) return
      bucket.after = undefined
      there = await code(other.append(session, chunk(yours)))
    }
    const here = await code(one.append(session, chunk(mine)))
    expect([here, there]).toEqual(['no failure', 'RANGE_INVALID'])
    const all = Buffer.concat([earlier, mine])
    expect(await code(other.finish(session, digestOf(all), chunk('', { length: 0 })))).toBe('no failure')
  })
})

describe('what a client sent of the end before it went away', () => {
  it('is there for every replica', async () => {
    const [one, other] = [new Uploads(replica(registry, bucket)), new Uploads(replica(registry, bucket))]
    const session = await start(one)
    const bytes = Buffer.alloc(2500, 'mine')
    await one.append(session, chunk(bytes.subarray(0, 500), { range: { start: 0, end: 499 } }))
    const cut = (async function* () {
      yield bytes.subarray(500, 1700)
      throw new Error('the client is gone')
    })()
    const cutShort = one.finish(session, digestOf(bytes), chunk('', { bytes: cut }))
    expect(await code(cutShort)).toBe('BLOB_UPLOAD_INVALID')
    expect(await other.status(session)).toBe(1700)
    await other.finish(session, digestOf(bytes), chunk(bytes.subarray(1700)))
  })
})

/** One of two who write to one session, and the content that it would make of it. */
interface Writer {
  readonly uploads: Uploads
  readonly bytes: Buffer
}

interface Race {
  readonly title: string
  /** Gives what the client was told. */
  readonly write: (writer: Writer, session: SessionName, before: number, closing: Uploads) => Promise<string>
  /** Bytes that are there already. */
  readonly before: number
  readonly contents: readonly [string, string]
  readonly success: string
}

/** How long each call takes, by a seed. */
function dice(seed: number): (end: number) => number {
  let state = seed + 1
  return (end) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * end)
  }
}

const patchAndPut: Race['write'] = async ({ uploads, bytes }, session, before, closing) => {
  const range = { start: before, end: bytes.length - 1 }
  const patched = await code(uploads.append(session, chunk(bytes.subarray(before), { range, size: 200 })))
  if (patched !== 'no failure') return patched
  // Who was told 202 has done all; whatever the other one still does.
  return `patched, ${await closed(closing, session, digestOf(bytes))}`
}

/** A hundred of these games at once on a busy machine last longer than a request waits for the other one to end: it asks again. */
async function closed(uploads: Uploads, session: SessionName, digest: Digest): Promise<string> {
  for (let asked = 1; ; asked += 1) {
    const told = await code(uploads.finish(session, digest, chunk('', { length: 0 })))
    if (told !== 'RANGE_INVALID' || asked === 20) return told
  }
}

const put: Race['write'] = ({ uploads, bytes }, session, before) =>
  code(uploads.finish(session, digestOf(bytes), chunk(bytes.subarray(before), { size: 200 })))

/** What the two were told, and what became of the bytes of the one that succeeded. */
async function play({ write, before, contents, success }: Race, seed: number) {
  const [shared, on, roll] = [
    await openTestRegistry({ hasReplicas: true }),
    new SimulatedBucket(),
    dice(seed),
  ]
  const pause = async (): Promise<void> => {
    for (let turns = roll(8); turns > 0; turns--) await setImmediate()
  }
  on.before = pause
  on.after = pause
  const parts = replica(shared, on, slowly(shared.metadata, pause))
  const [one, other] = [new Uploads(parts), new Uploads(replica(shared, on, parts.metadata))]
  const session = await start(one)
  const earlier = Buffer.alloc(before, 'both')
  if (before > 0)
    await one.append(session, chunk(earlier, { range: { start: 0, end: before - 1 }, size: 200 }))
  const length = [300, 900, 1000, 1500, 2500][roll(5)] ?? 0
  const writers = contents.map((text, at) => ({
    uploads: at === 0 ? one : other,
    bytes: Buffer.concat([earlier, Buffer.alloc(length, text)]),
  }))
  const told = await Promise.all(
    writers.map(async (writer) => {
      await pause()
      return write(writer, session, before, roll(2) === 0 ? one : other)
    }),
  )
  const bytes = writers[told.indexOf(success)]?.bytes ?? earlier
  const stored = await pull({ ...shared, parts }, team, digestOf(bytes))
  return { told, isStored: stored?.equals(bytes) === true }
}

const SEEDS = 100

describe('of two that write to one session at two replicas, in whatever order their calls end', () => {
  const others = ['mine', 'yours'] as const
  it.each<Race>([
    { title: 'a PATCH', write: patchAndPut, before: 0, contents: others, success: 'patched, no failure' },
    {
      title: 'a later PATCH',
      write: patchAndPut,
      before: 2600,
      contents: others,
      success: 'patched, no failure',
    },
    {
      title: 'the same PATCH',
      write: patchAndPut,
      before: 0,
      contents: ['same', 'same'],
      success: 'patched, no failure',
    },
    { title: 'a PUT', write: put, before: 0, contents: others, success: 'no failure' },
  ])('$title: one succeeds, and its bytes are there', async (race) => {
    const refusals = ['RANGE_INVALID', 'BLOB_UPLOAD_UNKNOWN']
    const all = await Promise.all(Array.from({ length: SEEDS }, (_, seed) => play(race, seed)))
    for (const [seed, { told, isStored }] of all.entries()) {
      const refused = told.filter((one) => refusals.includes(one)).length
      expect({ seed, told, isStored, refused }).toMatchObject({ isStored: true, refused: 1 })
      expect(told).toContain(race.success)
    }
  })
})

function slowly(metadata: MetadataStore, pause: () => Promise<void>): MetadataStore {
  return {
    read: async (keys) => {
      await pause()
      return metadata.read(keys)
    },
    range: async (query) => {
      await pause()
      return metadata.range(query)
    },
    commit: async (commit) => {
      await pause()
      await metadata.commit(commit)
      await pause()
    },
    snapshot: () => metadata.snapshot(),
    close: () => metadata.close(),
  }
}
