import { setTimeout as sleep } from 'node:timers/promises'
import { digestOf } from '../fixtures/image.ts'
import { build, file } from '../page/images.ts'
import { expect, type Report } from '../report.ts'
import { isBlobRead } from '../servers/blob-objects.ts'
import { Cluster, type Stores } from '../servers/cluster.ts'
import { RegistryClient } from '../servers/registry-client.ts'
import { S3Proxy } from './s3-proxy.ts'

const MIB = 2 ** 20
/** Above 64 MiB seek points are made. */
const FILES = 72
const PATIENCE_MS = 120_000
const REPOSITORY = 'looks/app'

/** What one replica found out about a layer, all know. */
export async function inspectScenarios(stores: Stores, report: Report): Promise<void> {
  const proxy = await S3Proxy.start(stores.s3.url)
  const cluster = await Cluster.start({ name: 'inspect', stores, s3Endpoint: proxy.url })
  const sides = cluster.replicas.map(({ url }) => new RegistryClient(url))
  const [one, other] = sides
  if (one === undefined || other === undefined) throw new Error('two replicas are needed')
  const files = Array.from({ length: FILES }, (_, at) =>
    file(`usr/lib/part-${String(at).padStart(2, '0')}`, MIB),
  )
  const image = build([{ createdBy: 'COPY parts /usr/lib', files }])
  const layer = image.layers[0]?.digest ?? ''
  const last = files.at(-1)
  if (last === undefined) throw new Error('a layer with files is needed')
  /** Objects that were read whole meanwhile; an index is read in parts. */
  const view = async (side: RegistryClient): Promise<number> => {
    proxy.take()
    const path = `/api/v1/layer/${layer}/file?path=${last.name}&length=${MIB}`
    const { status, body } = await side.request('GET', path)
    expect(status === 200, `a file answered ${status}: ${body.toString().slice(0, 300)}`)
    expect(digestOf(body) === digestOf(last.body), 'the file has other bytes')
    return proxy.take().filter((call) => isBlobRead(call) && !call.headers.range).length
  }
  try {
    await report.scenario(
      'cluster: a layer pushed at one replica is indexed once, and known at both',
      async () => {
        await one.pushImage(REPOSITORY, image, 'v1')
        await until(async () => {
          const { body } = await other.request('GET', `/api/v1/layer/${layer}/index`)
          return body.includes('"state":"done"')
        }, 'the layer is not indexed')
        const trees = await Promise.all(
          sides.map((side) => side.request('GET', `/api/v1/image/tree?ref=${REPOSITORY}:v1&path=usr/lib`)),
        )
        expect(
          trees.every(({ status, body }) => status === 200 && body.includes('part-71')),
          'not both show the directory',
        )
        await Promise.all(sides.map((side) => side.request('GET', `/api/v1/image?ref=${REPOSITORY}:v1`)))
        await sleep(3000)
        const indexings = cluster.replicas.map(
          ({ log }) => log.filter((line) => line.includes('layer indexed') && line.includes(layer)).length,
        )
        expect(
          indexings.reduce((sum, count) => sum + count, 0) === 1,
          `indexed ${indexings.join(' and ')} times`,
        )
        return `indexed ${indexings.join(' and ')} times`
      },
    )
    await report.scenario('cluster: seek points made for one replica serve the other', async () => {
      const whole = await view(one)
      expect(whole > 0, 'the first view read nothing from its start')
      await until(async () => (await view(one)) === 0, 'no seek points are made')
      const elsewhere = await view(other)
      expect(elsewhere === 0, `the other replica read ${elsewhere} objects whole`)
      return 'the file of 1 MiB behind 71 MiB is the same at both, read in parts'
    })
  } finally {
    for (const side of sides) side.close()
    await cluster.stop()
    await proxy.stop()
  }
}

async function until(holds: () => Promise<boolean>, failure: string): Promise<void> {
  const end = Date.now() + PATIENCE_MS
  while (!(await holds())) {
    expect(Date.now() < end, failure)
    await sleep(500)
  }
}
