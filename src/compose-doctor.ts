import { join } from 'node:path'
import { s3Settings } from './compose-blobs.ts'
import type { Config } from './config/schema.ts'
import { bad, type Finding, good } from './doctor/finding.ts'
import { CLOCK_SLACK } from './http/clock-check.ts'

/** Of records in PostgreSQL beside blobs on a disk. */
const ONE_PROCESS = 'records are in PostgreSQL, blobs on the disk of this machine'

/** Tries the stores that the configuration names, as the server will, and leaves nothing there. */
export async function checkStores(config: Config): Promise<Finding[]> {
  return [...(await checkDatabase(config)), ...(await checkBucket(config))]
}

async function checkDatabase({ metadata, data }: Config): Promise<Finding[]> {
  if (metadata === 'level') return [await checkRecords(join(data, 'metadata'))]
  const { probePostgres } = await import('../storage/metadata/postgres/probe.ts')
  try {
    const { shown, clockAhead, standby, durable } = await probePostgres(metadata)
    if (standby)
      return [
        bad(
          'database',
          `${shown} is a standby, which takes no writes`,
          'Name the primary in LAMINA_METADATA.',
        ),
      ]
    const seconds = Math.round(Math.abs(clockAhead) / 1000)
    const late = Math.abs(clockAhead) > CLOCK_SLACK
    return [
      good('database', `${shown} answers`),
      durable
        ? good('database-durable', 'it keeps what it has committed')
        : bad(
            'database-durable',
            'fsync or full_page_writes is off: a power loss takes images that clients were told are safe',
            'Turn both on in postgresql.conf.',
          ),
      late
        ? bad(
            'database-clock',
            `its clock is ${seconds} s ${clockAhead > 0 ? 'ahead of' : 'behind'} this machine’s: servers are not ready then`,
            'Set both by NTP.',
          )
        : good('database-clock', 'the same as here'),
    ]
  } catch (error) {
    return [bad('database', sentence(error), 'LAMINA_METADATA names it.')]
  }
}

/** All of them, also beside a server that is running. */
async function checkRecords(directory: string): Promise<Finding> {
  const { checkLevelFiles } = await import('../storage/metadata/level/level-metadata-store.ts')
  try {
    await checkLevelFiles(directory)
    return good('records', 'no file of the database is damaged')
  } catch (error) {
    return bad(
      'records',
      sentence(error),
      'Put the file back if it is elsewhere; docs/operations/backup.md says how to go on without it.',
    )
  }
}

async function checkBucket(config: Config): Promise<Finding[]> {
  const { blobs, metadata } = config
  if (blobs.kind === 'filesystem')
    return metadata === 'level' ? [] : [good('blobs', `${ONE_PROCESS}: no second replica can serve them`)]
  const { probeS3 } = await import('../storage/blobs/s3/open-s3.ts')
  const where = `s3://${blobs.bucket}/${blobs.prefix}`
  try {
    await probeS3(await s3Settings(config, blobs))
    return [good('s3', `${where} can be written, read, listed and cleared`), ...redirects(config)]
  } catch (error) {
    return [
      bad('s3', sentence(error), 'LAMINA_BLOBS and LAMINA_S3_* name it, the variables of AWS its keys.'),
    ]
  }
}

/** Go clients send their credentials along to the same host name on another port, and to names below it; S3 refuses both. */
function redirects({ s3Redirect, s3Endpoint, publicUrl }: Config): Finding[] {
  if (!s3Redirect || s3Endpoint === undefined || publicUrl === undefined) return []
  const [store, own] = [new URL(s3Endpoint).hostname, new URL(publicUrl).hostname]
  if (store !== own && !store.endsWith(`.${own}`))
    return [good('s3-redirect', `clients are sent to ${store}`)]
  return [
    bad(
      's3-redirect',
      `clients are sent from ${own} to ${store}, and take their credentials along, which the S3 refuses`,
      'Give the S3 a host name that is not below the registry’s, or leave LAMINA_S3_REDIRECT off.',
    ),
  ]
}

function sentence(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
