import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { expect, type Report } from '../report.ts'
import { Cluster, type Stores } from '../servers/cluster.ts'
import { Lamina } from '../servers/lamina.ts'
import { TcpSwitch } from '../servers/tcp-switch.ts'
import { scratchFolder } from '../servers/workspace.ts'
import { Load } from './load.ts'
import { Promises } from './promises.ts'

/** Images that are there before the move. */
const BEFORE = Number(process.env['MIGRATE_IMAGES'] ?? 40)

/** A registry on one machine moves to PostgreSQL and S3 while clients push and pull, and goes on as a cluster. */
export async function migrateScenario(stores: Stores, report: Report): Promise<void> {
  const scratch = await scratchFolder('migrate')
  try {
    await report.scenario('cluster: lamina migrate, from one machine to the cluster form, under load', () =>
      migrate(stores, scratch.path),
    )
  } finally {
    await scratch.remove()
  }
}

async function migrate(stores: Stores, folder: string): Promise<string> {
  const settings = await stores.newRegistry()
  const aws = Object.fromEntries(Object.entries(settings).filter(([name]) => name.startsWith('AWS_')))
  const lamina = await Lamina.start({ name: 'migrate-one', data: path.join(folder, 'data'), env: aws })
  // The name of a registry leads to whoever serves it now.
  const address = await TcpSwitch.start(lamina.port)
  const promises = new Promises()
  // Without a pause, which is more than can be copied meanwhile; small, since the S3 of the tests is in memory.
  const load = new Load({
    url: `http://127.0.0.1:${address.port}`,
    promises,
    name: 'move/app',
    writers: 2,
    sizes: [2000, 40_000, 150_000, 600_000],
  })
  try {
    await load.more(BEFORE)
    const began = Date.now()
    await lamina.command(['migrate', '--to', await configuration(folder, settings)], 900_000)
    const took = (Date.now() - began) / 1000
    expect(load.met.failedPulls === 0, `${load.met.failedPulls} pulls failed during the move`)
    const [during, pulls] = [load.met.images - BEFORE, load.met.pulls]
    await lamina.stop()
    const cluster = await Cluster.start({ name: 'migrate', stores, settings })
    address.point(cluster.port)
    try {
      await load.more(10)
      const met = await load.end()
      return `${took.toFixed(1)} s with ${during} images pushed meanwhile and ${pulls} pulls, none failed; in all ${met}; ${await promises.verify(cluster, stores)}`
    } finally {
      await cluster.stop()
    }
  } finally {
    await load.end().catch(() => undefined)
    await address.stop()
    await lamina.stop()
  }
}

/** lamina.yaml of the new place: the names of the settings are those of the environment in small letters. */
async function configuration(folder: string, settings: Readonly<Record<string, string>>): Promise<string> {
  const lines = Object.entries(settings)
    .filter(([name]) => name.startsWith('LAMINA_'))
    .map(([name, value]) => `${name.slice(7).toLowerCase().replaceAll('_', '-')}: ${JSON.stringify(value)}\n`)
  const file = path.join(folder, 'cluster.yaml')
  await writeFile(file, `data: ${path.join(folder, 'new')}\n${lines.join('')}`)
  return file
}
