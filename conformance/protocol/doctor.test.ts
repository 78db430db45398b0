import { execFile } from 'node:child_process'
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import http from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { listen } from '../servers/loopback.ts'
import { type Settings, useServer } from './support/server.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const PROGRAM = join(ROOT, 'bin', 'lamina')
const lamina = useServer()
let folder = ''

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lamina-doctor-'))
})
afterAll(async () => {
  await rm(folder, { recursive: true, force: true })
})

const report = z.object({
  findings: z.array(
    z.object({
      check: z.string(),
      state: z.enum(['good', 'warning', 'bad']),
      found: z.string(),
      change: z.string().optional(),
    }),
  ),
})

interface Examined {
  readonly code: number
  readonly checks: readonly string[]
  /** What is not good, by the name of the check. */
  readonly wrong: Readonly<Record<string, string>>
}

/** Runs `lamina doctor` beside the server, or where `settings` say; `shell` goes before it. */
async function doctor(settings: Settings = {}, words: readonly string[] = [], shell = ''): Promise<Examined> {
  const env = {
    PATH: process.env['PATH'],
    LAMINA_DATA: lamina.now.data,
    LAMINA_LISTEN: '127.0.0.1:0',
    LAMINA_PUBLIC_URL: lamina.now.url,
    LAMINA_MAX_CONNECTIONS: '100',
    ...settings,
  }
  const command = `${shell} exec "$0" "$@"`
  const args = ['-c', command, PROGRAM, 'doctor', '--json', ...words]
  const [code, output] = await new Promise<[number, string]>((resolve) => {
    execFile('/bin/sh', args, { cwd: ROOT, env }, (error, stdout, stderr) => {
      resolve([typeof error?.code === 'number' ? error.code : 0, stdout || stderr])
    })
  })
  const { findings } = report.parse(JSON.parse(output))
  const wrong = findings.filter(({ state }) => state !== 'good')
  for (const { change } of wrong) expect(change).toMatch(/\S/)
  expect(code, output).toBe(findings.some(({ state }) => state === 'bad') ? 1 : 0)
  return {
    code,
    checks: findings.map(({ check }) => check),
    wrong: Object.fromEntries(wrong.map(({ check, found, change }) => [check, `${found} → ${change}`])),
  }
}

/** A proxy in front of the server that does what `spoil` says; gives its address. */
async function withProxy<Result>(
  spoil: {
    readonly request?: (headers: http.IncomingHttpHeaders) => http.IncomingHttpHeaders
    readonly answer?: (response: http.IncomingMessage) => http.IncomingHttpHeaders
    readonly refuse?: (request: http.IncomingMessage) => number | undefined
  },
  use: (url: string) => Promise<Result>,
): Promise<Result> {
  const proxy = http.createServer({ maxHeaderSize: 131_072 }, (request, response) => {
    const refused = spoil.refuse?.(request)
    if (refused !== undefined) {
      response.writeHead(refused, { 'docker-distribution-api-version': 'registry/2.0' }).end()
      return
    }
    const headers = spoil.request?.(request.headers) ?? request.headers
    const onward = http.request(new URL(request.url ?? '/', lamina.now.url), {
      method: request.method ?? 'GET',
      headers,
    })
    onward.on('response', (answer) => {
      response.writeHead(answer.statusCode ?? 502, spoil.answer?.(answer) ?? answer.headers)
      answer.pipe(response)
    })
    onward.on('error', () => response.destroy())
    // Only what is announced and sent is passed on: the doctor announces and hangs up.
    response.on('close', () => onward.destroy())
    request.pipe(onward)
  })
  const port = await listen(proxy)
  try {
    return await use(`http://localhost:${port}`)
  } finally {
    proxy.closeAllConnections()
    await new Promise((resolve) => proxy.close(resolve))
  }
}

async function tlsFiles(name: string): Promise<{ cert: string; key: string; otherKey: string }> {
  const out = join(folder, `tls-${name}`)
  await new Promise<void>((resolve, reject) => {
    execFile(PROGRAM, ['tls', 'init', '--name', name, '--out', out], { cwd: ROOT }, (error) =>
      error === null ? resolve() : reject(error),
    )
  })
  return { cert: join(out, 'server.crt'), key: join(out, 'server.key'), otherKey: join(out, 'ca.key') }
}

test('finds nothing where all is well', async () => {
  const { code, checks, wrong } = await doctor()
  expect(wrong).toEqual({})
  expect(code).toBe(0)
  expect(checks).toEqual(
    expect.arrayContaining([
      'auth',
      'data',
      'disk',
      'server',
      'background',
      'address',
      'clock',
      'proxy-origin',
      'proxy-body',
      'proxy-header',
    ]),
  )
})

describe('finds what was planted, and nothing else', () => {
  test('a data directory that others may write to; too few open files; a disk too small; a short grace', async () => {
    await chmod(lamina.now.data, 0o777)
    try {
      const { wrong } = await doctor(
        { LAMINA_MIN_FREE: '900TiB', LAMINA_GRACE: '1m', LAMINA_MAX_CONNECTIONS: '10000' },
        [],
        'ulimit -n 512;',
      )
      const wanted = ['data', 'disk', 'grace', ...(process.platform === 'linux' ? ['open-files'] : [])]
      expect(Object.keys(wrong).toSorted()).toEqual(wanted)
      expect(wrong['data']).toContain('chmod go-w')
      expect(wrong['disk']).toContain('LAMINA_MIN_FREE')
      expect(wrong['grace']).toContain('LAMINA_GRACE')
    } finally {
      await chmod(lamina.now.data, 0o700)
    }
  })

  test('a certificate for another name, a key that others may read, and one that is of another certificate', async () => {
    const { cert, key, otherKey } = await tlsFiles('other.example')
    await chmod(key, 0o644)
    const { wrong } = await doctor({
      LAMINA_TLS_CERT: cert,
      LAMINA_TLS_KEY: key,
      LAMINA_PUBLIC_URL: 'https://registry.invalid',
    })
    expect(Object.keys(wrong).toSorted()).toEqual(['address', 'certificate-key', 'certificate-name'])
    expect(wrong['certificate-name']).toContain('other.example')
    expect(wrong['certificate-key']).toContain('chmod 600')
    expect(wrong['address']).toContain('LAMINA_PUBLIC_URL')
    const mixed = (await doctor({ LAMINA_TLS_CERT: cert, LAMINA_TLS_KEY: otherKey })).wrong
    expect(Object.keys(mixed)).toEqual(['certificate'])
    expect(mixed['certificate']).toContain('is not the key of')
  })

  test('access control that is off, and passwords by plain HTTP; no server; secrets that others may read', async () => {
    const file = join(folder, 'lamina.yaml')
    await writeFile(file, 'admin-password: Planted-123\n', { mode: 0o644 })
    await mkdir(join(folder, 'data'), { mode: 0o700 })
    const { wrong } = await doctor({
      LAMINA_CONFIG: file,
      LAMINA_DATA: join(folder, 'data'),
      LAMINA_AUTH: 'off-everywhere',
      LAMINA_LISTEN: '0.0.0.0:0',
      LAMINA_PUBLIC_URL: 'http://registry.invalid',
    })
    expect(Object.keys(wrong).toSorted()).toEqual(['address', 'auth', 'public-url', 'secrets', 'server'])
    expect(wrong['auth']).toContain('LAMINA_AUTH=on')
  })

  test('a database and a bucket that nobody answers for', async () => {
    const { wrong } = await doctor({
      LAMINA_METADATA: 'postgres://lamina:Planted-456@127.0.0.1:9/lamina',
      LAMINA_SECRET: 'planted'.repeat(6),
      LAMINA_BLOBS: 's3://images',
      LAMINA_S3_ENDPOINT: 'http://127.0.0.1:9',
      LAMINA_S3_REDIRECT: 'true',
      AWS_ACCESS_KEY_ID: 'planted',
      AWS_SECRET_ACCESS_KEY: 'planted',
    })
    expect(Object.keys(wrong).toSorted()).toEqual(['database', 's3'])
    expect(wrong['database']).toContain('LAMINA_METADATA')
    expect(wrong['database']).not.toContain('Planted-456')
    expect(wrong['s3']).toContain('LAMINA_S3_ENDPOINT')
  })

  test('a proxy that hides the host, limits bodies and headers, compresses, and has another clock', async () => {
    const late = new Date(Date.now() + 600_000).toUTCString()
    await withProxy(
      {
        request: (headers) => ({ ...headers, host: 'lamina.internal:5000' }),
        answer: ({ headers }) => ({ ...headers, date: late, 'content-encoding': 'gzip' }),
        refuse: ({ headers }) => {
          if (Number(headers['content-length'] ?? 0) > 1_000_000) return 413
          return (headers.range?.length ?? 0) > 8192 ? 400 : undefined
        },
      },
      async (url) => {
        const { wrong } = await doctor({ LAMINA_PUBLIC_URL: '' }, ['--url', url])
        expect(Object.keys(wrong).toSorted()).toEqual([
          'clock',
          'proxy-body',
          'proxy-compression',
          'proxy-header',
          'proxy-origin',
        ])
        expect(wrong['clock']).toMatch(/(?:5\d\d|60\d) s ahead/)
        expect(wrong['proxy-origin']).toContain('lamina.internal')
        expect(wrong['proxy-body']).toContain('client_max_body_size')
      },
    )
  })

  test('an address where something else answers', async () => {
    await withProxy({ answer: () => ({ 'content-type': 'text/html' }) }, async (url) => {
      const { wrong } = await doctor({}, ['--address-only', '--url', url])
      expect(Object.keys(wrong)).toEqual(['address'])
    })
  })
})
