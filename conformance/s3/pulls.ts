import { setTimeout as sleep } from 'node:timers/promises'
import { digestOf } from '../fixtures/image.ts'
import { expect, type Report } from '../report.ts'
import type { S3 } from '../servers/s3.ts'
import { blobPath, inWorld, makeBlob, pull, push, type World } from './world.ts'

const MiB = 2 ** 20
/** Without a call for so long, a server that has just started has done what it does then. */
const QUIET_MS = 2000

/** How reads become calls to S3, and when clients are sent there. */
export async function pullScenarios(report: Report, s3: S3): Promise<void> {
  await report.scenario('s3 pulls: one call for a blob or a range, none for HEAD and manifests', () =>
    inWorld(s3, 'calls', countCalls),
  )
  await report.scenario('s3 pulls: many ranges share calls, each part framed by itself', () =>
    inWorld(s3, 'ranges', manyRanges),
  )
  await report.scenario(
    's3 pulls: redirects only for GET, with one range at most, to an unrelated host',
    () => inWorld(s3, 'redirect', redirects, { LAMINA_S3_REDIRECT: 'true' }),
  )
}

async function countCalls(world: World): Promise<string> {
  const { client, proxy } = world
  const blob = makeBlob('calls', 3 * MiB)
  await push(world, blob)
  // The background work of a start has its own calls.
  do {
    proxy.take()
    await sleep(QUIET_MS)
  } while (proxy.take().length > 0)
  const calls = async (act: () => Promise<unknown>): Promise<string> => {
    proxy.take()
    await act()
    return proxy
      .take()
      .map(({ method }) => method)
      .join(' ')
  }
  const path = blobPath(blob)
  expect((await calls(() => pull(world, blob))) === 'GET', 'a pull is not one GET')
  const range = { headers: { range: 'bytes=5-9' } }
  expect((await calls(() => client.request('GET', path, range))) === 'GET', 'a range is not one GET')
  expect((await calls(() => client.request('HEAD', path))) === '', 'a HEAD asks S3')
  const image = JSON.stringify({
    schemaVersion: 2,
    mediaType: 'application/vnd.oci.image.manifest.v1+json',
    config: {
      mediaType: 'application/vnd.oci.image.config.v1+json',
      digest: blob.digest,
      size: blob.bytes.length,
    },
    layers: [],
  })
  const manifest = { digest: digestOf(image), bytes: Buffer.from(image) }
  await client.putManifest('s3/blobs', { layers: [], config: blob, manifest }, 'v1')
  expect((await calls(() => client.manifest('s3/blobs', 'v1'))) === '', 'a manifest asks S3')
  return 'counted between registry and S3'
}

async function manyRanges(world: World): Promise<string> {
  const blob = makeBlob('ranges', 30 * MiB)
  await push(world, blob)
  const near = Array.from({ length: 1000 }, (_, at) => at * 1000)
  const far = Array.from({ length: 20 }, (_, at) => (at + 2) * MiB)
  const starts = [...near, ...far]
  const header = `bytes=${starts.map((start) => `${start}-${start + 99}`).join(',')}`
  world.proxy.take()
  const { status, body } = await world.client.request('GET', blobPath(blob), { headers: { range: header } })
  const calls = world.proxy.take().length
  expect(status === 206, `answered ${status}`)
  let at = 0
  for (const start of starts) {
    const head = `Content-Range: bytes ${start}-${start + 99}/${blob.bytes.length}\r\n\r\n`
    const found = body.indexOf(head, at)
    expect(found >= 0, `the part of ${start} is missing, or out of order`)
    at = found + head.length
    const same = body.subarray(at, at + 100).equals(blob.bytes.subarray(start, start + 100))
    expect(same, `the part of ${start} has wrong bytes`)
  }
  expect(calls === 21, `${calls} calls instead of 21`)
  return `${starts.length} ranges, ${calls} calls`
}

async function redirects(world: World): Promise<string> {
  const blob = makeBlob('redirect', 3 * MiB)
  await push(world, blob)
  // The S3 is at 127.0.0.1: seen as localhost the registry has nothing to do with it.
  const unrelated = `http://localhost:${world.lamina.port}`
  const ask = async (method: string, origin: string, headers: Record<string, string> = {}) => {
    const { host } = new URL(origin)
    return world.client.request(method, blobPath(blob), { headers: { host, ...headers } })
  }
  const answer = await ask('GET', unrelated)
  const { location } = answer.headers
  expect(answer.status === 307 && location !== undefined, `GET answered ${answer.status}`)
  expect(answer.headers['cache-control'] === 'no-store', 'a cache may keep a URL that ends')
  const bytes = Buffer.from(await (await fetch(location)).arrayBuffer())
  expect(digestOf(bytes) === blob.digest, 'the URL gives other bytes')
  const one = await ask('GET', unrelated, { range: 'bytes=10-19' })
  const part = await fetch(one.headers.location ?? '', { headers: { range: 'bytes=10-19' } })
  const partBytes = Buffer.from(await part.arrayBuffer())
  expect(one.status === 307 && part.status === 206, `a range answered ${one.status}, then ${part.status}`)
  expect(partBytes.equals(blob.bytes.subarray(10, 20)), 'the URL gives another range')
  const tampered = await fetch(location.replace(/Signature=./, 'Signature=x'))
  expect(tampered.status === 403, `a changed URL answered ${tampered.status}`)
  const proxied: readonly (readonly [string, string, Record<string, string>, number])[] = [
    ['HEAD', unrelated, {}, 200],
    ['GET', unrelated, { range: 'bytes=0-1,5-9' }, 206],
    ['GET', unrelated, { range: 'bytes=99999999-' }, 416],
    ['GET', world.lamina.url, {}, 200],
    ['GET', world.lamina.url, { range: 'bytes=0-1' }, 206],
  ]
  for (const [method, origin, headers, status] of proxied) {
    const got = await ask(method, origin, headers)
    expect(got.status === status, `${method} ${JSON.stringify(headers)} at ${origin} answered ${got.status}`)
  }
  return '307 twice, five times not'
}
