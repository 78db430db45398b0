import type { S3Call, Treatment } from '../cluster/s3-proxy.ts'
import type { Blob } from '../fixtures/image.ts'
import { expect, type Report } from '../report.ts'
import type { Answer } from '../servers/registry-client.ts'
import type { S3 } from '../servers/s3.ts'
import {
  begin,
  blobPath,
  closing,
  expectUnavailable,
  inWorld,
  leftovers,
  makeBlob,
  pull,
  push,
  sendByPatch,
  type World,
} from './world.ts'

const MiB = 2 ** 20

/** What S3 says, and what a registry may say because of it. */
export async function promiseScenarios(report: Report, s3: S3): Promise<void> {
  await report.scenario('s3 promises: an S3 that answers 200 and stores nothing is not believed', () =>
    inWorld(s3, 'lies', notBelieved),
  )
  await report.scenario('s3 promises: a bucket without room is 507 at once, and gives what it has', () =>
    inWorld(s3, 'full', withoutRoom),
  )
}

/** PutObject or CopyObject of a whole blob. */
const isWhole = ({ method, path }: S3Call): boolean => method === 'PUT' && /\.blob(?:\?|$)/.test(path)
/** CompleteMultipartUpload. */
const isCompletion = ({ method, path }: S3Call): boolean => method === 'POST' && path.includes('uploadId=')

async function notBelieved(world: World): Promise<string> {
  const ways: readonly [what: string, size: number, send: Send][] = [
    ['PutObject', 1000, inOnePut],
    ['CopyObject', 1000, byPatch],
    ['CompleteMultipartUpload', 20 * MiB, byPatch],
  ]
  for (const [what, size, send] of ways) {
    const blob = makeBlob(what, size)
    world.proxy.treat = (call) => (isWhole(call) || isCompletion(call) ? 'lie' : 'pass')
    expectUnavailable(await send(world, blob))
    world.proxy.treat = undefined
    const absent = await world.client.request('HEAD', blobPath(blob))
    expect(absent.status === 404, `${what} that did nothing made a blob: HEAD answered ${absent.status}`)
    await push(world, blob)
    await pull(world, blob)
  }
  return ways.map(([what]) => what).join(', ')
}

async function withoutRoom(world: World): Promise<string> {
  const kept = makeBlob('kept', 1000)
  await push(world, kept)
  const full: readonly Treatment[] = [
    { refuse: { status: 403, code: 'QuotaExceeded' } },
    { refuse: { status: 507, code: 'XMinioStorageFull' } },
  ]
  for (const [at, treatment] of full.entries()) {
    // As Ceph does it: what is stored anew is refused, and no other call.
    world.proxy.treat = ({ method }) => (method === 'PUT' ? treatment : 'pass')
    const blob = makeBlob(`refused ${at}`, 1000)
    const begun = Date.now()
    const answer = await inOnePut(world, blob)
    expect(answer.status === 507, `a PUT without room answered ${answer.status}`)
    expect(Date.now() - begun < 5000, 'what cannot pass was tried again')
    await world.lamina.stop()
    await world.lamina.restart()
    await pull(world, kept)
    world.proxy.treat = undefined
    await push(world, blob)
    await pull(world, blob)
  }
  const left = await leftovers(world)
  expect(left.length === 0, `left: ${left.join(', ')}`)
  return 'a quota, and full disks; also at a start'
}

type Send = (world: World, blob: Blob) => Promise<Answer>

async function inOnePut(world: World, blob: Blob): Promise<Answer> {
  const headers = { 'content-type': 'application/octet-stream' }
  return world.client.request('PUT', closing(await begin(world), blob), { body: blob.bytes, headers })
}

async function byPatch(world: World, blob: Blob): Promise<Answer> {
  return world.client.request('PUT', await sendByPatch(world, blob))
}
