import { setTimeout as sleep } from 'node:timers/promises'
import { makeImage } from '../fixtures/image.ts'
import { expect, type Report } from '../report.ts'
import { Cluster, type Stores } from '../servers/cluster.ts'
import { RegistryClient } from '../servers/registry-client.ts'
import { Load } from './load.ts'
import { Promises } from './promises.ts'

/** Debian's libfaketime; the loader puts the machine's library folder in place of $LIB. Timers stay right. */
const ahead = (by: string) => ({
  LD_PRELOAD: '/usr/$LIB/faketime/libfaketime.so.1',
  FAKETIME: by,
  FAKETIME_DONT_FAKE_MONOTONIC: '1',
})
/** A collector has had many runs by then, in milliseconds. */
const MANY_RUNS = 5000

export async function clockScenarios(stores: Stores, report: Report): Promise<void> {
  await aMinuteAhead(stores, report)
  await daysAhead(stores, report)
}

/** One replica's clock is a minute ahead: it says so on /readyz, and what reaches it all the same is right. */
async function aMinuteAhead(stores: Stores, report: Report): Promise<void> {
  await report.scenario('cluster: a replica whose clock is a minute ahead', async () => {
    const cluster = await Cluster.start({
      name: 'clocks',
      stores,
      envOf: (at) => (at === 1 ? ahead('+60s') : {}),
    })
    try {
      const [right, wrong] = await Promise.all(cluster.replicas.map(({ url }) => readiness(url)))
      expect(right?.status === 200, `the replica with the right clock answers ${right?.status}`)
      expect(wrong?.status === 503, `the replica with the wrong clock answers ${wrong?.status}`)
      expect(/clock/.test(wrong.text), `/readyz does not speak of the clock: ${wrong.text}`)
      const promises = new Promises()
      const load = new Load({ url: cluster.url, promises, name: 'clocks/app' })
      await load.more(12)
      const met = await load.end()
      return `unready; ${met}; ${await promises.verify(cluster, stores)}`
    } finally {
      await cluster.stop()
    }
  })
}

/** To a replica that starts with its clock three days ahead, what was pushed a moment ago is older than the grace. */
async function daysAhead(stores: Stores, report: Report): Promise<void> {
  await report.scenario('cluster: a replica whose clock is days ahead removes nothing', async () => {
    const cluster = await Cluster.start({
      name: 'days-ahead',
      stores,
      env: { LAMINA_COLLECT_EVERY: '300ms' },
      envOf: (at) => (at === 1 ? ahead('+3d') : {}),
    })
    try {
      const [right, wrong] = cluster.replicas
      if (right === undefined || wrong === undefined) throw new Error('two replicas are needed')
      const client = new RegistryClient(right.url)
      const image = makeImage({ layers: [{ seed: 'days-ahead', size: 5000 }] })
      for (const blob of [...image.layers, image.config]) await client.pushBlob('clocks/ahead', blob)
      await sleep(MANY_RUNS)
      await client.putManifest('clocks/ahead', image, 'v1')
      const { text } = await readiness(wrong.url)
      expect(/clock/.test(text), `/readyz does not speak of the clock: ${text}`)
      return 'what was pushed before was there for its manifest'
    } finally {
      await cluster.stop()
    }
  })
}

async function readiness(url: string): Promise<{ status: number; text: string }> {
  const response = await fetch(`${url}/readyz`)
  return { status: response.status, text: await response.text() }
}
