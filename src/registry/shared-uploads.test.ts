import { beforeEach, expect, it } from 'vitest'
import { createS3BlobStore } from '../../storage/blobs/s3/s3-blob-store.ts'
import { SimulatedBucket } from '../../storage/blobs/s3/simulated-bucket.ts'
import { chunk, digestOf, name } from './content-fixture.ts'
import { ALICE, codeOf, openTestRegistry, type TestRegistry } from './registry-fixture.ts'
import type { SessionName } from './upload-session.ts'
import { Uploads } from './uploads.ts'

const PART = 1000
const team = name('team/app')
const [mine, yours] = [Buffer.alloc(2500, 'mine'), Buffer.alloc(2500, 'yours')]

let registry: TestRegistry
let bucket: SimulatedBucket

/** The uploads of another replica on the same stores. */
function replica(): Uploads {
  const blobs = createS3BlobStore({ bucket, cluster: 'c', memory: 20_000, plan: { first: PART, run: 100 } })
  return new Uploads({ ...registry.parts, blobs })
}

async function start(uploads: Uploads): Promise<SessionName> {
  return { id: await uploads.start(team, ALICE), name: team, account: ALICE }
}

function code(action: Promise<unknown>): Promise<unknown> {
  return action.then(() => 'no failure', codeOf)
}

beforeEach(async () => {
  registry = await openTestRegistry({ hasReplicas: true })
  bucket = new SimulatedBucket()
})

it.each([
  ['with its first bytes', 0],
  ['after some parts', 2500],
])('of two replicas that send parts of one upload %s, one does', async (_, before) => {
  const [one, other] = [replica(), replica()]
  const session = await start(one)
  const earlier = Buffer.alloc(before, 'both')
  if (before > 0) await one.append(session, chunk(earlier, { range: { start: 0, end: before - 1 } }))
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
