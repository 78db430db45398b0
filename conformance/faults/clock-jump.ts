import { readdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Image, makeImage } from '../fixtures/image.ts'
import { expect, Report } from '../report.ts'
import { Lamina } from '../servers/lamina.ts'
import { RegistryClient } from '../servers/registry-client.ts'
import { scratchFolder } from '../servers/workspace.ts'

// The machine's clock jumps a month ahead between the layers of a push and its manifest. Time that did not pass makes
// nothing old; space comes back all the same.
const GRACE = 6000
/** A collector that believed the clock has had many runs by then. */
const WAIT = 2000
const PATIENCE = 180_000
const REPOSITORY = 'clock/app'

const report = new Report('clock-jump')
await report.scenario('faults: a clock that jumps a month ahead makes nothing old', async () => {
  const scratch = await scratchFolder('clock-jump')
  const [data, clock] = [path.join(scratch.path, 'data'), path.join(scratch.path, 'clock')]
  await writeFile(clock, '+0\n')
  const lamina = await Lamina.start({
    name: 'lamina-clock-jump',
    data,
    env: {
      LAMINA_GRACE: `${GRACE}ms`,
      LAMINA_UPLOAD_EXPIRY: `${GRACE}ms`,
      LAMINA_COLLECT_EVERY: '100ms',
      LAMINA_INDEX_LAYERS: 'off',
      LAMINA_SNAPSHOT_EVERY: '0',
      LD_PRELOAD: '/usr/$LIB/faketime/libfaketime.so.1',
      FAKETIME_TIMESTAMP_FILE: clock,
      FAKETIME_NO_CACHE: '1',
      FAKETIME_DONT_FAKE_MONOTONIC: '1',
    },
  })
  try {
    const digest = await pushAcrossTheJump(new RegistryClient(lamina.url), clock)
    const begun = Date.now()
    while (await isStored(data, digest)) {
      expect(Date.now() - begun < PATIENCE, 'what was deleted is still on the disk')
      await sleep(500)
    }
    return `the push was completed; deleted, its layer was gone after ${Math.round((Date.now() - begun) / 1000)} s`
  } finally {
    await lamina.stop()
    await scratch.remove()
  }
})
await report.scenario('faults: a start with a clock that is a year ahead takes nothing', async () => {
  const scratch = await scratchFolder('clock-ahead')
  const data = path.join(scratch.path, 'data')
  const started = (days: number) =>
    Lamina.start({
      name: 'lamina-clock-ahead',
      data,
      env: {
        LAMINA_COLLECT_EVERY: '100ms',
        LAMINA_INDEX_LAYERS: 'off',
        LD_PRELOAD: '/usr/$LIB/faketime/libfaketime.so.1',
        FAKETIME: `+${days}d`,
        FAKETIME_DONT_FAKE_MONOTONIC: '1',
      },
    })
  let lamina = await started(0)
  try {
    const client = new RegistryClient(lamina.url)
    await client.pushImage(REPOSITORY, makeImage({ layers: [{ seed: 'clock-ahead', size: 5000 }] }), 'v1')
    const retention = [{ name: 'old', repositories: '**', tags: '**', keepYoungerDays: 30 }]
    const policy = await client.request('PATCH', '/api/v1/projects/clock/policy', {
      headers: { 'content-type': 'application/json' },
      body: Buffer.from(JSON.stringify({ retention })),
    })
    expect(policy.status === 200, `PATCH of the policy answered ${policy.status}`)
    await lamina.stop()
    lamina = await started(400)
    await sleep(WAIT)
    const there = new RegistryClient(lamina.url)
    const tag = await there.request('GET', `/v2/${REPOSITORY}/manifests/v1`)
    expect(tag.status === 200, `v1 is answered ${tag.status}`)
    const days = (Date.parse(String(tag.headers.date)) - Date.now()) / 86_400_000
    expect(days > 399, `the server's clock is ${days} days ahead`)
    return 'a tag that a rule keeps for 30 days is still there'
  } finally {
    await lamina.stop()
    await scratch.remove()
  }
})
report.finish()

/** Gives the digest of a layer that nothing refers to any more. On a machine that is too slow to tell, it tries again. */
async function pushAcrossTheJump(client: RegistryClient, clock: string): Promise<string> {
  for (let month = 1; month <= 5; month++) {
    const image = makeImage({ layers: [{ seed: `clock-jump-${month}`, size: 5000 }] })
    const begun = Date.now()
    for (const blob of [...image.layers, image.config]) await client.pushBlob(REPOSITORY, blob)
    await writeFile(clock, `+${30 * month}d\n`)
    await sleep(WAIT)
    const told = await client.request('GET', '/v2/')
    const days = (Date.parse(String(told.headers.date)) - Date.now()) / 86_400_000
    expect(days > 29 * month, `the server's clock is ${days} days ahead`)
    if (!(await isPut(client, image, begun))) continue
    const gone = await client.request('DELETE', `/v2/${REPOSITORY}/manifests/${image.manifest.digest}`)
    expect(gone.status === 202, `DELETE of the manifest answered ${gone.status}`)
    return image.layers[0]?.digest ?? ''
  }
  throw new Error(`each push took longer than ${GRACE} ms`)
}

/** False: it was refused, and more than the grace had passed. */
async function isPut(client: RegistryClient, image: Image, begun: number): Promise<boolean> {
  try {
    await client.putManifest(REPOSITORY, image, 'v1')
    return true
  } catch (error) {
    if (Date.now() - begun < GRACE) throw error
    return false
  }
}

async function isStored(data: string, digest: string): Promise<boolean> {
  const files = await readdir(path.join(data, 'blobs/blobs'), { recursive: true })
  return files.some((file) => path.basename(file).startsWith(digest.slice('sha256:'.length)))
}
