import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { inject } from 'vitest'
import { z } from 'zod'
import { Nginx } from '../../servers/nginx.ts'
import { must } from '../../servers/processes.ts'
import { newSchema } from './metadata.ts'

/** Where conformance/cluster has started PostgreSQL and S3 for this run. */
const clusterForm = z.object({
  psql: z.string(),
  /** Without the name of the database. */
  postgres: z.string(),
  bucket: z.string(),
  settings: z.record(z.string(), z.string()),
  replicas: z.number(),
})

const given = process.env['PROTOCOL_CLUSTER']
const form = given === undefined ? undefined : clusterForm.parse(JSON.parse(given))

/** Whether the tests run against a cluster; those that cannot are named with their reasons in conformance/cluster. */
export const ON_CLUSTER = form !== undefined

/** Whether records are in PostgreSQL though one machine serves: the project `postgres` of vitest.config.ts. */
const ON_POSTGRES = process.env['LAMINA_TEST_METADATA'] === 'postgres'

/** Processes that serve one registry together: one, or the replicas of a cluster. */
export const REPLICAS = form?.replicas ?? 1

/** Settings of stores that nobody used yet; none where the data directory holds everything. */
export async function newStores(): Promise<Readonly<Record<string, string>>> {
  if (form === undefined) return ON_POSTGRES ? newSchema(inject('postgres')) : {}
  const name = `protocol_${randomBytes(8).toString('hex')}`
  const sql = `create database ${name} template template0`
  await must(form.psql, ['-XAtq', '-d', `${form.postgres}/postgres`, '-c', sql])
  return {
    ...form.settings,
    LAMINA_METADATA: `${form.postgres}/${name}`,
    LAMINA_BLOBS: `s3://${form.bucket}/${name}`,
  }
}

/** What one replica is told holds on the others within five seconds, those that keys are known for. */
export async function heardEverywhere(): Promise<void> {
  if (REPLICAS > 1) await sleep(7000)
}

/** The address of all of them: their own for one process, a balancer that asks each in turn for several. */
export async function frontOf(urls: readonly string[]): Promise<{ url: string; stop: () => Promise<void> }> {
  const [only = ''] = urls
  if (form === undefined) return { url: only, stop: () => Promise.resolve() }
  const upstreams = urls.map((url) => Number(new URL(url).port))
  const balancer = await Nginx.start({ name: 'protocol-nginx', upstreams })
  return { url: balancer.url, stop: () => balancer.stop() }
}
