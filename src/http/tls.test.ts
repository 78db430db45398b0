import { execFileSync } from 'node:child_process'
import { X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect } from 'node:tls'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { makeTlsFiles, type TlsFiles } from '../tls/files.ts'
import { parseCertificateName } from '../tls/name.ts'
import { startTestServer } from './server-fixture.ts'

const DAY = 86_400_000
const NAMES = ['registry.example', '10.0.0.4'].map(parseCertificateName).filter((name) => name !== undefined)

let directory = ''
let files: TlsFiles
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'lamina-tls-'))
  files = await makeTlsFiles(directory, NAMES, Date.now())
})
afterAll(async () => {
  await rm(directory, { recursive: true })
})

const start = () =>
  startTestServer((_, response) => void response.end('hello'), {
    tlsCert: files.certificate,
    tlsKey: files.key,
  })

/** The serial number of the certificate that the server shows; rejects when the client does not trust it. */
async function serial(port: number, servername: string): Promise<string> {
  const socket = connect({ host: '127.0.0.1', port, servername, ca: readFileSync(files.authority) })
  await once(socket, 'secureConnect')
  const { serialNumber } = socket.getPeerCertificate()
  socket.destroy()
  return serialNumber
}

test('clients that trust the authority reach every name, and no other', async () => {
  const { server, dispose } = await start()
  expect(server.url).toMatch(/^https:/)
  await expect(serial(server.port, 'registry.example')).resolves.toMatch(/^[0-9A-F]{32}$/)
  await expect(serial(server.port, 'localhost')).resolves.toBeDefined()
  await expect(serial(server.port, 'other.example')).rejects.toThrow('altnames')
  await dispose()
})

test('a changed certificate is taken up; a broken one is logged, and the one before stays', async () => {
  const { server, log, dispose } = await start()
  const before = await serial(server.port, 'localhost')
  expect((await makeTlsFiles(directory, NAMES, Date.now())).renewed).toBe(true)
  await server.checkTls()
  const after = await serial(server.port, 'localhost')
  expect(after).not.toBe(before)
  await writeFile(files.key, 'nonsense')
  await server.checkTls()
  expect(log.join('')).toContain('cannot be used')
  expect(await serial(server.port, 'localhost')).toBe(after)
  await dispose()
  await makeTlsFiles(directory, NAMES, Date.now())
})

test.each([
  [-900, 'has expired'],
  [-810, 'ends soon'],
  [900, 'is not valid yet'],
])('a certificate made %i days from now is used, and the log says what clients will', async (days, why) => {
  const made = Date.now() + days * DAY
  const off = await makeTlsFiles(join(directory, String(days)), NAMES, made)
  const { log, dispose } = await startTestServer(() => undefined, {
    tlsCert: off.certificate,
    tlsKey: off.key,
  })
  expect(log.join('')).toContain(why)
  await dispose()
})

test('a certificate that comes near its end is told of each day, until it is renewed', async () => {
  const { server, log, dispose } = await start()
  const told = () => log.filter((line) => line.includes('ends soon')).length
  vi.useFakeTimers({ toFake: ['Date'] })
  try {
    const end = Date.now() + 820 * DAY
    for (const [days, times] of [
      [15, 0],
      [13, 1],
      [12.5, 1],
      [11, 2],
    ] as const) {
      vi.setSystemTime(end - days * DAY)
      await server.checkTls()
      expect(told(), `${days} days before its end`).toBe(times)
    }
    await makeTlsFiles(directory, NAMES, end)
    vi.setSystemTime(end - DAY)
    await server.checkTls()
    expect(told()).toBe(2)
  } finally {
    vi.useRealTimers()
  }
  await dispose()
  await makeTlsFiles(directory, NAMES, Date.now())
})

test('who counts hears until when each is good that is taken up', async () => {
  const { server, certificates, dispose } = await start()
  const endOf = async () => new X509Certificate(await readFile(files.certificate)).validToDate.getTime()
  const first = await endOf()
  expect(certificates).toEqual([first])
  await makeTlsFiles(directory, NAMES, Date.now() - 10 * DAY)
  await server.checkTls()
  expect(certificates).toEqual([first, await endOf()])
  expect(certificates[1]).toBeLessThan(first)
  await dispose()
  await makeTlsFiles(directory, NAMES, Date.now())
})

test('a pair that cannot be used stops the start with a sentence', async () => {
  await expect(startTestServer(() => undefined, { tlsCert: '/absent', tlsKey: files.key })).rejects.toThrow(
    /\/absent.*LAMINA_TLS_CERT/,
  )
})

test('keys are for this user alone', async () => {
  for (const path of [files.key, files.authorityKey]) expect((await stat(path)).mode & 0o777).toBe(0o600)
})

test('openssl, at its strictest, accepts the chain', () => {
  const verify = ['verify', '-x509_strict', '-purpose', 'sslserver', '-verify_ip', '10.0.0.4']
  expect(
    execFileSync('openssl', [...verify, '-CAfile', files.authority, files.certificate]).toString(),
  ).toContain('OK')
})

test.each(['', 'a b', 'host:5000', '1.2.3', '-x', 'https://a', 'a..b'])('%j is no name', (text) => {
  expect(parseCertificateName(text)).toBeUndefined()
})
