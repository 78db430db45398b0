import path from 'node:path'
import { expect, type Report } from '../report.ts'
import { makeCertificates } from '../servers/certificates.ts'
import { admin, Lamina } from '../servers/lamina.ts'
import { Postgres } from '../servers/postgres.ts'
import { finish } from '../servers/processes.ts'
import { nodeBinary, projectRoot, scratchFolder } from '../servers/workspace.ts'

/** Records over TLS: what each sslmode and a client's certificate bring, at a server that takes nothing else. */
export async function postgresTls(report: Report): Promise<void> {
  await report.scenario('cluster: PostgreSQL over TLS, as each sslmode trusts it', async () => {
    const scratch = await scratchFolder('postgres-tls')
    try {
      return await tryModes(scratch.path)
    } finally {
      await scratch.remove()
    }
  })
}

async function tryModes(folder: string): Promise<string> {
  const [right, stranger] = [path.join(folder, 'right'), path.join(folder, 'stranger')]
  await finish('mkdir', [right, stranger])
  // The server's own user reads them.
  await finish('chmod', ['755', folder, right])
  const [tls, wrong] = [await makeCertificates(right, ['127.0.0.1']), await makeCertificates(stranger, ['x'])]
  const postgres = await Postgres.start({ name: 'postgres-tls', tls })
  /** The certificate names the address alone. */
  const byName = postgres.url().replace('127.0.0.1', 'localhost')
  await postgres.sql('create role lamina superuser login')
  const byCertificate = postgres.url().replace('postgres@', 'lamina@')
  const trusted = `sslmode=verify-full&sslrootcert=${tls.ca}`
  const accepted: readonly (readonly [url: string, parameters: string])[] = [
    [byName, 'sslmode=require'],
    [byName, `sslmode=verify-ca&sslrootcert=${tls.ca}`],
    [postgres.url(), trusted],
    [postgres.url(), `sslrootcert=${tls.ca}`],
    [byCertificate, `${trusted}&sslcert=${tls.cert}&sslkey=${tls.key}`],
  ]
  const refused: readonly (readonly [url: string, parameters: string, says: RegExp])[] = [
    [postgres.url(), 'sslmode=disable', /without encryption.*sslmode/],
    [postgres.url(), 'sslmode=verify-ca', /authority that is not known.*sslrootcert/],
    [
      postgres.url(),
      `sslmode=verify-full&sslrootcert=${wrong.ca}`,
      /authority that is not known.*sslrootcert/,
    ],
    [byCertificate, trusted, /client certificate.*sslcert/],
    [byName, trusted, /another host name/],
    [postgres.url(), 'sslmode=verify-full&sslrootcert=/nowhere/ca.pem', /sslrootcert.*cannot be read/],
  ]
  try {
    for (const [url, parameters] of accepted) await serves(postgres, `${url}?${parameters}`, folder)
    for (const [url, parameters, says] of refused) await isRefused(`${url}?${parameters}`, says, folder)
  } finally {
    await postgres.remove()
  }
  return `${accepted.length} accepted and encrypted, ${refused.length} refused with a sentence`
}

const secret = { LAMINA_SECRET: 'a secret of more than 32 characters, for tests' }

async function serves(postgres: Postgres, url: string, folder: string): Promise<void> {
  const env = { LAMINA_METADATA: url, ...secret }
  const lamina = await Lamina.start({ name: 'lamina-postgres-tls', data: path.join(folder, 'data'), env })
  try {
    const sessions = "from pg_stat_activity join pg_stat_ssl using (pid) where application_name = 'lamina'"
    const encrypted = await postgres.sql(`select count(*), coalesce(bool_and(ssl), false) ${sessions}`)
    expect(/^[1-9]\d*\|t$/.test(encrypted), `${url}: connections and whether all are encrypted: ${encrypted}`)
  } finally {
    await lamina.stop()
  }
}

async function isRefused(url: string, says: RegExp, folder: string): Promise<void> {
  const { code, stderr } = await finish(nodeBinary, ['src/main.ts', 'serve'], {
    cwd: projectRoot,
    env: {
      LAMINA_DATA: path.join(folder, 'data'),
      LAMINA_LISTEN: '127.0.0.1:0',
      LAMINA_ADMIN_PASSWORD: admin.password,
      LAMINA_METADATA: url,
      ...secret,
    },
    patience: 60_000,
  })
  expect(code !== undefined && code !== 0, `${url}: the server ended with ${String(code)}`)
  expect(says.test(stderr) && /LAMINA_METADATA/.test(stderr), `${url}: said ${stderr.slice(-400)}`)
  expect(!/\n\s+at /.test(stderr), `${url}: a stack trace instead of a sentence: ${stderr.slice(-400)}`)
}
