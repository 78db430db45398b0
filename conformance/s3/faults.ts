import { setTimeout as sleep } from 'node:timers/promises'
import type { S3Call } from '../cluster/s3-proxy.ts'
import { expect, type Report } from '../report.ts'
import { isBlobRead } from '../servers/blob-objects.ts'
import type { S3 } from '../servers/s3.ts'
import {
  begin,
  blobPath,
  closing,
  expectUnavailable,
  inWorld,
  leftovers,
  makeBlob,
  patch,
  pull,
  push,
  sendByPatch,
  untilDone,
  type World,
} from './world.ts'

const MiB = 2 ** 20

/** CompleteMultipartUpload: `POST key?uploadId=…`. */
function isCompletion({ method, path }: S3Call): boolean {
  return method === 'POST' && path.includes('uploadId=')
}

/** UploadPart. */
function isPart({ method, path }: S3Call): boolean {
  return method === 'PUT' && path.includes('partNumber=')
}

/** Single calls that S3 refuses, loses, cuts or leaves hanging, and what the registry makes of it. */
export async function faultScenarios(report: Report, s3: S3): Promise<void> {
  const scenario = (
    what: string,
    prefix: string,
    act: (world: World) => Promise<string>,
    env: Record<string, string> = {},
  ): Promise<boolean> => report.scenario(`s3 faults: ${what}`, () => inWorld(s3, prefix, act, env))

  await scenario(
    'every third call is refused, slowed or cut, and every push succeeds',
    'mixed',
    async (world) => {
      let count = 0
      world.proxy.treat = () => {
        count += 1
        if (count % 3 !== 0) return 'pass'
        return (['slow-down', 'error', 'cut', { delay: 50 }] as const)[(count / 3) % 4] ?? 'pass'
      }
      const blobs = Array.from({ length: 12 }, (_, at) =>
        makeBlob(`mixed ${at}`, at % 3 === 0 ? 20 * MiB : 5000),
      )
      await Promise.all(blobs.map((blob) => push(world, blob)))
      for (const blob of blobs) await pull(world, blob)
      world.proxy.treat = undefined
      const left = await leftovers(world)
      expect(left.length === 0, `left: ${left.join(', ')}`)
      return `${blobs.length} blobs, ${count} calls`
    },
    // On a busy machine a call that was refused twice has waited long.
    { LAMINA_S3_PATIENCE: '60s' },
  )

  await scenario(
    'SlowDown without end is 503 with Retry-After, and /readyz says so',
    'slow',
    async (world) => {
      const location = await begin(world)
      world.proxy.treat = () => 'slow-down'
      expectUnavailable(await patch(world, location, Buffer.alloc(10 * MiB)))
      const [ready, alive] = [
        await world.client.request('GET', '/readyz'),
        await world.client.request('GET', '/healthz'),
      ]
      expect(ready.status === 503, `/readyz answered ${ready.status}`)
      expect(alive.status === 200, `/healthz answered ${alive.status}`)
      world.proxy.treat = undefined
      const blob = makeBlob('after', 10 * MiB)
      const attempts = await untilDone(() => push(world, blob))
      expect((await world.client.request('GET', '/readyz')).status === 200, '/readyz does not recover')
      return `recovered after ${attempts} attempt(s)`
    },
  )

  await scenario('the answer to CompleteMultipartUpload is lost, twice', 'lost', async (world) => {
    let lost = 0
    world.proxy.treat = (call) => (isCompletion(call) && ++lost <= 2 ? 'lose-answer' : 'pass')
    const blob = makeBlob('lost', 20 * MiB)
    await push(world, blob)
    expect(lost >= 1, 'no completion was seen')
    await pull(world, blob)
    const left = await leftovers(world)
    expect(left.length === 0, `left: ${left.join(', ')}`)
    return `${lost} completions`
  })

  await scenario(
    'reads that break in the middle go on; without end they fail, never short',
    'reads',
    async (world) => {
      const blob = makeBlob('read', 20 * MiB)
      await push(world, blob)
      let cut = 0
      world.proxy.treat = (call) => (isBlobRead(call) && ++cut <= 4 ? { cutAfter: 3 * MiB } : 'pass')
      await pull(world, blob)
      expect(cut === 5, `${cut} reads instead of 5`)
      world.proxy.treat = (call) => (isBlobRead(call) ? { cutAfter: 1000 } : 'pass')
      // Broken off, or refused when it breaks before the first byte: never a 200 that ends early.
      const outcome = await world.client.request('GET', blobPath(blob)).then(
        ({ status, body }) => (status === 503 ? 'refused' : `${status} with ${body.length} bytes`),
        () => 'broken',
      )
      expect(['broken', 'refused'].includes(outcome), `a read that cannot end gave ${outcome}`)
      world.proxy.treat = undefined
      await pull(world, blob)
      return 'four breaks mended, a hundred not'
    },
  )

  await scenario('S3 hangs in the middle of a part for a while', 'hang', async (world) => {
    const hung = hangAt(world, isPart)
    const blob = makeBlob('hang', 20 * MiB)
    const pushed = push(world, blob)
    await hung
    await sleep(3000)
    s3.wake()
    await pushed
    await pull(world, blob)
    return '3 s'
  })

  await scenario(
    'S3 hangs longer than the registry waits; the same client goes on after it',
    'hang-long',
    async (world) => {
      const hung = hangAt(world, isPart)
      const location = await begin(world)
      const blob = makeBlob('hang long', 20 * MiB)
      const answer = patch(world, location, blob.bytes)
      await hung
      const begun = Date.now()
      expectUnavailable(await answer)
      const waited = Date.now() - begun
      s3.wake()
      const again = await patch(world, location, blob.bytes)
      expect(again.status === 202, `the same session answered ${again.status}`)
      const closed = await world.client.request('PUT', closing(location, blob))
      expect(closed.status === 201, `its PUT answered ${closed.status}`)
      await pull(world, blob)
      return `503 after ${(waited / 1000).toFixed(0)} s`
    },
  )

  await scenario('S3 hangs in the middle of a read', 'hang-read', async (world) => {
    const blob = makeBlob('hang read', 60 * MiB)
    await push(world, blob)
    const hung = hangAt(world, isBlobRead)
    const pulled = pull(world, blob)
    await hung
    await sleep(3000)
    s3.wake()
    await pulled
    return '3 s'
  })

  await scenario(
    'S3 dies between the parts and their completion; the PUT is repeated',
    'killed',
    async (world) => {
      const blob = makeBlob('killed', 40 * MiB)
      const target = await sendByPatch(world, blob)
      await s3.kill()
      expectUnavailable(await world.client.request('PUT', target))
      await s3.restart()
      const closed = await world.client.request('PUT', target)
      expect(closed.status === 201, `the repeated PUT answered ${closed.status}`)
      expect((await world.client.request('PUT', target)).status === 201, 'a third PUT is no 201')
      await pull(world, blob)
      const left = await leftovers(world)
      expect(left.length === 0, `left: ${left.join(', ')}`)
      return '40 MiB'
    },
  )

  await scenario(
    'the registry dies in the middle of uploads; nothing is left when they expire',
    'orphans',
    async (world) => {
      const locations = await Promise.all(Array.from({ length: 8 }, () => begin(world)))
      let parts = 0
      const seen = new Promise<void>((resolve) => {
        world.proxy.treat = (call) => {
          if (isPart(call) && ++parts === 6) resolve()
          return 'pass'
        }
      })
      const sent = locations.map((location) =>
        patch(world, location, Buffer.alloc(60 * MiB)).catch(() => undefined),
      )
      const began = await Promise.race([seen.then(() => true), Promise.all(sent).then(() => false)])
      expect(began, 'the uploads ended before their sixth part')
      await world.lamina.kill()
      await Promise.all(sent)
      const begun = await leftovers(world)
      expect(begun.length > 0, 'nothing had begun when the registry died')
      await world.lamina.restart()
      await untilDone(async () => {
        const left = await leftovers(world)
        expect(left.length === 0, `left: ${left.join(', ')}`)
      }, 120_000)
      return `${begun.length} left at first, none in the end`
    },
    { LAMINA_UPLOAD_EXPIRY: '20s' },
  )
}

/** Stops the gateway at the first call of this kind, once it has been passed on. */
function hangAt({ s3, proxy }: World, kind: (call: S3Call) => boolean): Promise<void> {
  return new Promise((resolve) => {
    proxy.treat = (call) => {
      if (!kind(call)) return 'pass'
      proxy.treat = undefined
      setTimeout(() => resolve(s3.hang()), 5)
      return 'pass'
    }
  })
}
