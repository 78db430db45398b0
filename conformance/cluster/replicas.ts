import { createHash } from 'node:crypto'
import { Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Blob, digestOf, makeImage } from '../fixtures/image.ts'
import { randomBytes, randomPieces } from '../fixtures/random.ts'
import { expect, type Report } from '../report.ts'
import { isBlobRead } from '../servers/blob-objects.ts'
import { Cluster, type Stores } from '../servers/cluster.ts'
import { type Answer, RegistryClient } from '../servers/registry-client.ts'
import { Load } from './load.ts'
import { Promises } from './promises.ts'
import { S3Proxy } from './s3-proxy.ts'

/** Size of the layer whose closing PUT goes to the other replica, in MiB. */
export const BIG_MIB = Number(process.env['BIG_MIB'] ?? 96)
/** Tags that each of two writers sets in one repository. */
const TAGS = Number(process.env['TAGS'] ?? 1000)
/** How soon a change on one replica must hold on the other, in milliseconds, on a busy machine. */
const SECONDS = 15_000

/** What one replica begins, another goes on with; what one is told, all do. */
export async function replicaScenarios(stores: Stores, report: Report): Promise<void> {
  const proxy = await S3Proxy.start(stores.s3.url)
  const cluster = await Cluster.start({ name: 'replicas', stores, s3Endpoint: proxy.url })
  const sides = cluster.replicas.map(({ url }) => new RegistryClient(url))
  const [one, other] = sides
  if (one === undefined || other === undefined) throw new Error('two replicas are needed')
  try {
    await report.scenario('cluster: an upload goes on at another replica after each chunk', () =>
      chunksInTurn(one, other),
    )
    await report.scenario('cluster: the closing PUT at another replica reads nothing back', () =>
      closeElsewhere(one, other, proxy),
    )
    await report.scenario('cluster: one upload is written at both replicas at once, with other bytes', () =>
      writeTwice(one, other),
    )
    await report.scenario('cluster: a second writer is refused while the first goes on elsewhere', () =>
      refusedMeanwhile(one, other),
    )
    await report.scenario(`cluster: two writers set ${TAGS} tags each in one repository`, () =>
      manyTags(one, other),
    )
    await report.scenario('cluster: rotation, visibility, revocation and read-only hold everywhere', () =>
      changesSpread(cluster, one, other),
    )
    await report.scenario('cluster: rolling restart under load', () => rollingRestart(cluster, stores))
  } finally {
    for (const side of sides) side.close()
    await cluster.stop()
    await proxy.stop()
  }
}

const octets = { 'content-type': 'application/octet-stream' }

function blob(seed: string, size: number): Blob {
  const bytes = randomBytes(seed, size)
  return { digest: digestOf(bytes), bytes }
}

function wants(answer: Answer, status: number, what: string): string {
  expect(
    answer.status === status,
    `${what} answered ${answer.status}: ${answer.body.toString().slice(0, 300)}`,
  )
  return answer.headers.location ?? ''
}

async function chunksInTurn(one: RegistryClient, other: RegistryClient): Promise<string> {
  const { digest, bytes } = blob('in turn', 5_000_000)
  let location = wants(await one.request('POST', '/v2/turns/app/blobs/uploads/'), 202, 'POST')
  const chunk = 1_000_000
  for (let at = 0; at < bytes.length; at += chunk) {
    const side = (at / chunk) % 2 === 0 ? other : one
    const headers = { ...octets, 'content-range': `${at}-${at + chunk - 1}` }
    const body = bytes.subarray(at, at + chunk)
    location = wants(await side.request('PATCH', location, { body, headers }), 202, `PATCH at ${at}`)
  }
  wants(await one.request('PUT', `${location}?digest=${digest}`, { headers: octets }), 201, 'PUT')
  await other.checkBlob('turns/app', digest)
  return `${bytes.length / chunk} chunks, each at the replica that had not the one before`
}

async function closeElsewhere(one: RegistryClient, other: RegistryClient, proxy: S3Proxy): Promise<string> {
  const hash = createHash('sha256')
  const pieces = function* (): Generator<Buffer> {
    for (const piece of randomPieces('close elsewhere', BIG_MIB * 2 ** 20)) {
      hash.update(piece)
      yield piece
    }
  }
  const opened = wants(await one.request('POST', '/v2/close/app/blobs/uploads/'), 202, 'POST')
  const body = Readable.from(pieces())
  const location = wants(await one.request('PATCH', opened, { body, headers: octets }), 202, 'PATCH')
  const digest = `sha256:${hash.digest('hex')}`
  proxy.take()
  const begun = performance.now()
  wants(await other.request('PUT', `${location}?digest=${digest}`, { headers: octets }), 201, 'PUT')
  const took = performance.now() - begun
  const reads = proxy.take().filter(isBlobRead)
  expect(reads.length === 0, `${reads.length} objects were read: ${reads.map(({ path }) => path).join(' ')}`)
  await one.checkBlob('close/app', digest)
  return `${BIG_MIB} MiB, closing PUT took ${took.toFixed(0)} ms, 0 objects read`
}

/** Of two that send a chunk to one upload one is told 416; of two that close it one succeeds, and its bytes are there. */
async function writeTwice(one: RegistryClient, other: RegistryClient): Promise<string> {
  const begin = async (): Promise<string> =>
    wants(await one.request('POST', '/v2/twice/app/blobs/uploads/'), 202, 'POST')
  for (const [round, size] of [12 * 2 ** 20, 100_000, 12 * 2 ** 20, 100_000].entries()) {
    const [mine, yours] = [blob(`mine ${round}`, size), blob(`yours ${round}`, size)]
    const headers = { ...octets, 'content-range': `0-${size - 1}` }
    const location = await begin()
    const chunks = await Promise.all([
      one.request('PATCH', location, { body: mine.bytes, headers }),
      other.request('PATCH', location, { body: yours.bytes, headers }),
    ])
    const [taken, refused] = chunks[0].status === 202 ? [mine, chunks[1]] : [yours, chunks[0]]
    wants(refused, 416, 'the second PATCH')
    // The other one may still be at it.
    const said = String(refused.headers.range)
    expect(['0--1', `0-${size - 1}`].includes(said), `416 says ${said}`)
    wants(await other.request('PUT', `${location}?digest=${taken.digest}`, { headers: octets }), 201, 'PUT')
    await one.checkBlob('twice/app', taken.digest)
    const again = await begin()
    const close = (side: RegistryClient, { digest, bytes }: Blob): Promise<Answer> =>
      side.request('PUT', `${again}?digest=${digest}`, { body: bytes, headers: octets })
    const [here, there] = [blob(`here ${round}`, size), blob(`there ${round}`, size)]
    const closed = await Promise.all([close(one, here), close(other, there)])
    const ended = closed.map(({ status }) => status)
    expect(ended.filter((status) => status === 201).length === 1, `the two PUTs answered ${ended.join(', ')}`)
    await other.checkBlob('twice/app', (ended[0] === 201 ? here : there).digest)
  }
  return '4 uploads with two PATCHes, 4 with two closing PUTs'
}

/** What a replica says of a request that goes on for longer than a moment holds on the other one. */
async function refusedMeanwhile(one: RegistryClient, other: RegistryClient): Promise<string> {
  const { digest, bytes } = blob('meanwhile', 24 * 2 ** 20)
  const location = wants(await one.request('POST', '/v2/twice/app/blobs/uploads/'), 202, 'POST')
  const [half, refused] = [Promise.withResolvers<undefined>(), Promise.withResolvers<undefined>()]
  const slowly = async function* (): AsyncGenerator<Buffer> {
    const piece = 2 ** 20
    for (let at = 0; at < bytes.length; at += piece) {
      if (at === bytes.length / 2) half.resolve(undefined)
      if (at >= bytes.length / 2) await refused.promise
      yield bytes.subarray(at, at + piece)
      await sleep(100)
    }
  }
  const first = one.request('PATCH', location, { body: Readable.from(slowly()), headers: octets })
  await half.promise
  const second = await other.request('PATCH', location, { body: Buffer.from('other bytes'), headers: octets })
  refused.resolve(undefined)
  wants(second, 416, 'the second PATCH')
  expect(second.headers.range === '0--1', `416 says ${second.headers.range}`)
  wants(await first, 202, 'the first PATCH')
  wants(await other.request('PUT', `${location}?digest=${digest}`, { headers: octets }), 201, 'PUT')
  await one.checkBlob('twice/app', digest)
  return '416 while 24 MiB come'
}

async function manyTags(one: RegistryClient, other: RegistryClient): Promise<string> {
  const image = makeImage({ layers: [{ seed: 'many tags', size: 1000 }] })
  await one.pushImage('tags/app', image, 'first')
  const begun = Date.now()
  const write = async (side: RegistryClient, name: string): Promise<void> => {
    const numbers = Array.from({ length: TAGS }, (_, at) => at).values()
    const lane = async (): Promise<void> => {
      for (const at of numbers) await side.putManifest('tags/app', image, `${name}-${at}`)
    }
    await Promise.all(Array.from({ length: 8 }, lane))
  }
  await Promise.all([write(one, 'one'), write(other, 'other')])
  const seconds = (Date.now() - begun) / 1000
  const tags = await one.tags('tags/app')
  expect(tags.length === 2 * TAGS + 1, `${tags.length} tags are listed`)
  expect(new Set(tags).size === tags.length, 'a tag is listed twice')
  return `${2 * TAGS} tags, ${((2 * TAGS) / seconds).toFixed(0)} a second`
}

async function changesSpread(
  { replicas }: Cluster,
  one: RegistryClient,
  other: RegistryClient,
): Promise<string> {
  const there = replicas[1]?.url ?? ''
  const json = { 'content-type': 'application/json' }
  const send = (method: string, path: string, value: object): Promise<Answer> =>
    one.request(method, path, { body: Buffer.from(JSON.stringify(value)), headers: json })
  const image = makeImage({ layers: [{ seed: 'spread', size: 1000 }] })
  await one.pushImage('spread/app', image, 'v1')

  wants(await send('POST', '/api/v1/keys/rotate', {}), 200, 'rotation')
  const token = await tokenOf(one)
  await soon(
    'a token signed with a key that another replica made',
    async () => (await asking(there, `Bearer ${token}`)) === 200,
  )
  const anonymous = (): Promise<number> => asking(there, undefined)
  expect((await anonymous()) === 401, 'a private project is open')
  wants(await send('PATCH', '/api/v1/projects/spread', { public: true }), 200, 'opening the project')
  await soon('the project that was opened', async () => (await anonymous()) === 200)
  wants(await send('PATCH', '/api/v1/projects/spread', { public: false }), 200, 'closing the project')
  await soon('the project that was closed', async () => (await anonymous()) === 401)

  wants(await send('POST', '/api/v1/users', { name: 'leaver', password: 'leaving-soon' }), 201, 'a new user')
  const member = { role: 'viewer' }
  await send('PUT', '/api/v1/projects/spread/members/leaver', member)
  const basic = `Basic ${Buffer.from('leaver:leaving-soon').toString('base64')}`
  await soon('a user that was added', async () => (await asking(there, basic)) === 200)
  wants(await one.request('DELETE', '/api/v1/users/leaver'), 204, 'removing the user')
  await soon('a user that was removed', async () => (await asking(there, basic)) === 401)

  wants(await send('PUT', '/api/v1/read-only', { readOnly: true, reason: 'test' }), 200, 'read-only')
  const push = async (): Promise<number> =>
    (await other.request('POST', '/v2/spread/app/blobs/uploads/')).status
  await soon('read-only', async () => (await push()) === 503)
  wants(await send('PUT', '/api/v1/read-only', { readOnly: false }), 200, 'read-only off')
  await soon('the end of read-only', async () => (await push()) === 202)
  return 'seen on the other replica: new key, opened, closed, added, removed, read-only on and off'
}

async function tokenOf(side: RegistryClient): Promise<string> {
  const answer = await side.request('GET', '/token?service=lamina&scope=repository:spread/app:pull')
  wants(answer, 200, 'the token endpoint')
  return /"token":"([^"]+)"/.exec(answer.body.toString())?.[1] ?? ''
}

async function asking(url: string, authorization: string | undefined): Promise<number> {
  const response = await fetch(`${url}/v2/spread/app/manifests/v1`, {
    headers: { accept: '*/*', ...(authorization === undefined ? {} : { authorization }) },
  })
  await response.arrayBuffer()
  return response.status
}

async function soon(what: string, holds: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + SECONDS
  while (!(await holds())) {
    if (Date.now() > deadline)
      throw new Error(`${what} is not seen by the other replica after ${SECONDS / 1000} s`)
    await sleep(100)
  }
}

async function rollingRestart(cluster: Cluster, stores: Stores): Promise<string> {
  const promises = new Promises()
  const load = new Load({ url: cluster.url, promises, name: 'rolling/app' })
  await load.more(4)
  for (const replica of cluster.replicas) {
    await replica.stop()
    await replica.restart()
    await load.more(4)
  }
  const met = await load.end()
  return `${met}; ${await promises.verify(cluster, stores)}`
}
