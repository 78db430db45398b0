import { z } from 'zod'
import { expect } from '../report.ts'
import type { Dockerd } from '../servers/dockerd.ts'

const report = z.object({
  findings: z.array(z.object({ check: z.string(), state: z.string(), found: z.string() })),
})

/** What is planted in the settings of one run of `lamina doctor`, the check that finds it, and what it says. */
const PLANTED: readonly (readonly [settings: Record<string, string>, check: string, says: string])[] = [
  [{ LAMINA_METADATA: 'postgres://lamina:wrong@postgres:5432/lamina' }, 'database', 'password'],
  [{ LAMINA_METADATA: 'postgres://lamina:records-2718@postgres:5432/other' }, 'database', 'other'],
  [{ LAMINA_METADATA: 'postgres://lamina:records-2718@nowhere:5432/lamina' }, 'database', 'nowhere'],
  [{ AWS_SECRET_ACCESS_KEY: 'wrong' }, 's3', 'AWS_SECRET_ACCESS_KEY'],
  [{ LAMINA_BLOBS: 's3://absent/registry' }, 's3', 'absent'],
  [{ LAMINA_S3_ENDPOINT: 'http://nowhere:9000' }, 's3', 'nowhere'],
]

interface Clinic {
  readonly engine: Dockerd
  /** The containers of a replica and of its database. */
  readonly replica: string
  readonly postgres: string
}

/** `lamina doctor` in a replica's container finds its stores well, and what is planted by name. */
export async function doctorOnCluster(clinic: Clinic): Promise<number> {
  const well = await wrong(clinic, {})
  expect(well.size === 0, `where all is well: ${[...well].join('; ')}`)
  for (const [settings, check, says] of PLANTED) {
    const found = (await wrong(clinic, settings)).get(check)
    const planted = Object.entries(settings).flat().join('=')
    expect(found?.includes(says) === true, `${planted} is found as ${found ?? 'nothing'}`)
    expect(!found.includes('records-2718'), `${planted}: the password is shown`)
  }
  await forgetfulDatabase(clinic)
  return PLANTED.length + 1
}

/** A database that does not sync takes what it was given with it when power fails. */
async function forgetfulDatabase(clinic: Clinic): Promise<void> {
  await sql(clinic, 'ALTER SYSTEM SET fsync = off')
  await sql(clinic, 'SELECT pg_reload_conf()')
  try {
    expect((await wrong(clinic, {})).has('database-durable'), 'fsync = off is not found')
  } finally {
    await sql(clinic, 'ALTER SYSTEM RESET fsync')
    await sql(clinic, 'SELECT pg_reload_conf()')
  }
}

function sql({ engine, postgres }: Clinic, text: string): Promise<string> {
  const how = ['--env', 'PGPASSWORD=records-2718', postgres, 'psql', '-h', '127.0.0.1', '-U', 'lamina']
  return engine.run(['exec', ...how, '-c', text])
}

/** What is not good, by the name of its check. */
async function wrong(
  { engine, replica }: Clinic,
  settings: Record<string, string>,
): Promise<Map<string, string>> {
  const env = Object.entries(settings).flatMap(([name, value]) => ['--env', `${name}=${value}`])
  const { stdout, stderr } = await engine.try(['exec', ...env, replica, 'lamina', 'doctor', '--json'])
  expect(stdout.startsWith('{'), stderr)
  const { findings } = report.parse(JSON.parse(stdout))
  for (const check of ['database', 's3', 'server', 'address'])
    expect(
      findings.some((one) => one.check === check),
      `${check} was not looked at`,
    )
  return new Map(findings.flatMap(({ check, state, found }) => (state === 'good' ? [] : [[check, found]])))
}
