import { expect, type Report } from '../report.ts'
import { Cluster, type Stores } from '../servers/cluster.ts'
import { Load } from './load.ts'
import { Promises } from './promises.ts'

/** Debian's libfaketime; the loader puts the machine's library folder in place of $LIB. Timers stay right. */
const AHEAD = {
  LD_PRELOAD: '/usr/$LIB/faketime/libfaketime.so.1',
  FAKETIME: '+60s',
  FAKETIME_DONT_FAKE_MONOTONIC: '1',
}

/** One replica's clock is a minute ahead: it says so on /readyz, and what reaches it all the same is right. */
export async function clockScenario(stores: Stores, report: Report): Promise<void> {
  await report.scenario('cluster: a replica whose clock is a minute ahead', async () => {
    const cluster = await Cluster.start({ name: 'clocks', stores, envOf: (at) => (at === 1 ? AHEAD : {}) })
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

async function readiness(url: string): Promise<{ status: number; text: string }> {
  const response = await fetch(`${url}/readyz`)
  return { status: response.status, text: await response.text() }
}
