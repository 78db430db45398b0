import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { ConfigError } from './config-error.ts'
import { loadConfig } from './load.ts'

let directory = ''
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'lamina-config-'))
})
afterEach(async () => {
  await rm(directory, { recursive: true })
})

async function problems(environment: Record<string, string>): Promise<string> {
  const error: unknown = await loadConfig(environment, directory).catch((error: unknown) => error)
  if (!(error instanceof ConfigError)) throw new Error('the configuration was accepted')
  return error.message
}

describe('a configuration', () => {
  test('is right without any settings, and frozen', async () => {
    const { config } = await loadConfig({}, directory)
    expect(config).toMatchObject({
      listen: { host: '127.0.0.1', port: 5000 },
      auth: 'on',
      createProjects: 'users',
      tokenSeconds: 300,
      grace: 86_400_000,
      stopDelay: 5000,
      minFree: 256 * 2 ** 20,
      readOnly: false,
    })
    expect(config.tlsCert).toBeUndefined()
    expect(config.idleTimeout).toBeGreaterThan(90_000)
    expect(Object.isFrozen(config)).toBe(true)
  })

  test('comes from lamina.yaml, and the environment wins', async () => {
    await writeFile(
      join(directory, 'lamina.yaml'),
      'listen: 127.0.0.1:1\nstop-delay: 0\nread-only: True\ntrusted-proxies: [10.0.0.0/8, "::1"]\n',
    )
    const { config, given } = await loadConfig({ LAMINA_LISTEN: '[::1]:2', LAMINA_DATA: '' }, directory)
    expect(config).toMatchObject({ listen: { host: '::1', port: 2 }, stopDelay: 0, readOnly: true })
    expect(config.trustedProxies).toEqual([
      { address: '10.0.0.0', prefix: 8, family: 'ipv4' },
      { address: '::1', prefix: 128, family: 'ipv6' },
    ])
    expect(given.get('listen')?.source).toBe('environment')
    expect(given.get('readOnly')?.source).toBe(join(directory, 'lamina.yaml'))
    expect(given.has('data')).toBe(false)
  })

  test.each([
    ['00123456', '00123456'],
    ['12345678901234567890', '12345678901234567890'],
    ['0x1F', '0x1F'],
    ['1.10', '1.10'],
    ['True', 'True'],
    ['"a: b"', 'a: b'],
    ['&first secret word', 'secret word'],
  ])('has a text in lamina.yaml as it stands there: %s', async (value, text) => {
    await writeFile(join(directory, 'lamina.yaml'), `admin-password: ${value}\n`)
    expect((await loadConfig({}, directory)).config.adminPassword).toBe(text)
  })

  test('may be in the file that LAMINA_CONFIG names, which must exist then', async () => {
    const path = join(directory, 'other.yaml')
    await writeFile(path, '# nothing yet\n')
    await expect(loadConfig({ LAMINA_CONFIG: path }, directory)).resolves.toBeDefined()
    await expect(loadConfig({ LAMINA_CONFIG: 'absent.yaml' }, directory)).rejects.toThrow(
      /absent\.yaml.*no such file/,
    )
  })

  test('refuses unknown names and says the nearest', async () => {
    await writeFile(join(directory, 'lamina.yaml'), 'lisen: 127.0.0.1:1\n')
    const text = await problems({ LAMINA_STOP_DELEY: '1s' })
    expect(text).toContain('Did you mean listen?')
    expect(text).toContain('Did you mean LAMINA_STOP_DELAY?')
  })

  test('takes no offence at what Kubernetes and the command line put into the environment', async () => {
    const environment = {
      LAMINA_PORT: 'tcp://10.0.0.1:5000',
      LAMINA_PORT_5000_TCP_ADDR: '10.0.0.1',
      LAMINA_SERVICE_HOST: '10.0.0.1',
      LAMINA_SERVICE_PORT_HTTP: '5000',
      // Of Services beside it: lamina-database, lamina-cache.
      LAMINA_DATABASE_SERVICE_HOST: '10.0.0.2',
      LAMINA_DATABASE_SERVICE_PORT: '5432',
      LAMINA_DATABASE_PORT: 'tcp://10.0.0.2:5432',
      LAMINA_DATABASE_PORT_5432_TCP: 'tcp://10.0.0.2:5432',
      LAMINA_DATABASE_PORT_5432_TCP_PROTO: 'tcp',
      LAMINA_CACHE_PORT_53_UDP_ADDR: '10.0.0.3',
      LAMINA_URL: 'https://registry.example',
      LAMINA_TOKEN: 'x',
      LAMINA_TOKEN_FILE: '/run/token',
    }
    await expect(loadConfig(environment, directory)).resolves.toBeDefined()
    expect(await problems({ LAMINA_PORT: '8080' })).toContain(
      'LAMINA_PORT in the environment is not a setting',
    )
  })

  test.each([
    ['LAMINA_LISTEN', '5000', '127.0.0.1:5000'],
    ['LAMINA_LISTEN', '127.0.0.1:70000', 'HOST:PORT'],
    ['LAMINA_PUBLIC_URL', 'https://registry.example/path', 'without a path'],
    ['LAMINA_PUBLIC_URL', 'https://:password@registry.example', 'without a path'],
    ['LAMINA_TRUSTED_PROXIES', '10.0.0.0/33', '10.0.0.0/8'],
    ['LAMINA_READ_ONLY', 'yes', 'true or false'],
    ['LAMINA_CREATE_PROJECTS', 'everyone', 'admin, users, nobody'],
    ['LAMINA_AUTH', 'no', 'on, off, off-everywhere'],
    ['LAMINA_TOKEN_SECONDS', '0', 'from 1 to 3600'],
    ['LAMINA_GRACE', '5 parsecs', '24h'],
    ['LAMINA_STOP_TIMEOUT', '60', '30s'],
    ['LAMINA_STOP_TIMEOUT', '25d', 'at most 24d'],
    ['LAMINA_MIN_FREE', 'much', '256MiB'],
    ['LAMINA_MIN_FREE', '999999999TiB', '256MiB'],
    ['LAMINA_SCRUB_RATE', '0', '1KiB or more'],
    ['LAMINA_S3_MEMORY', '0', '1MiB or more'],
    ['LAMINA_INDEX_MAX_UNPACKED', '0', '1MiB or more'],
    ['LAMINA_INDEX_MAX_SIZE', '0', '1MiB or more'],
    ['LAMINA_LOG', 'loud', 'trace, debug, info'],
  ])('refuses %s=%s with key, value and what would be right', async (name, value, right) => {
    const text = await problems({ [name]: value })
    expect(text).toContain(name)
    expect(text).toContain(`"${value}"`)
    expect(text).toContain(right)
  })

  test('never shows a secret, also not a wrong one', async () => {
    const text = await problems({ LAMINA_SECRET: 'tooshort' })
    expect(text).toContain('LAMINA_SECRET')
    expect(text).not.toContain('tooshort')
  })

  test.each([
    'admin-password: hunter2: b',
    'admin-password: "hunter2',
    'admin-password: hunter1\nadmin-password: hunter2',
    'admin-password: @hunter2',
    'admin-password: *hunter2',
    'listen: 127.0.0.1:1\n admin-password: hunter2',
    'admin-password: [hunter2',
    'admin-password: "a" hunter2',
  ])('shows nothing of a file that cannot be read but the place: %j', async (content) => {
    await writeFile(join(directory, 'lamina.yaml'), content)
    const text = await problems({})
    expect(text).toContain('lamina.yaml')
    expect(text).not.toContain('hunter')
  })

  test('says every problem at once', async () => {
    expect((await problems({ LAMINA_LOG: 'x', LAMINA_GRACE: 'y', LAMINA_Z: 'z' })).split('\n')).toHaveLength(
      3,
    )
  })

  test('keeps LAMINA_AUTH=off away from other machines', async () => {
    await expect(
      loadConfig({ LAMINA_AUTH: 'off', LAMINA_LISTEN: 'localhost:0' }, directory),
    ).resolves.toBeDefined()
    expect(await problems({ LAMINA_AUTH: 'off', LAMINA_LISTEN: ':5000' })).toContain('off-everywhere')
    expect(await problems({ LAMINA_AUTH: 'off', LAMINA_LISTEN: '10.0.0.1:1' })).toContain('LAMINA_LISTEN')
    const meant = { LAMINA_AUTH: 'off-everywhere', LAMINA_LISTEN: '0.0.0.0:5000' }
    await expect(loadConfig(meant, directory)).resolves.toBeDefined()
  })

  test.each([
    ['LAMINA_S3_ENDPOINT', 'https://s3.example'],
    ['LAMINA_S3_ENCRYPTION', 's3'],
    ['LAMINA_S3_REDIRECT', 'true'],
    ['LAMINA_S3_MEMORY', '1GiB'],
  ])('refuses %s where blobs are on a disk: somebody believes that they are not', async (name, value) => {
    expect(await problems({ [name]: value })).toContain(
      `${name} (environment) is set, and LAMINA_BLOBS names no S3`,
    )
    await expect(loadConfig({ [name]: value, LAMINA_BLOBS: 's3://images' }, directory)).resolves.toBeDefined()
  })

  test('takes what says nothing about an S3 as it is', async () => {
    await expect(loadConfig({ LAMINA_S3_REDIRECT: 'false' }, directory)).resolves.toBeDefined()
  })

  test.each([
    ['127.0.0.1:5000', '127.0.0.1:5000', true],
    ['0.0.0.0:5000', '10.0.0.1:5000', true],
    [':5000', '[::1]:5000', true],
    ['127.0.0.1:5000', '127.0.0.1:9464', false],
    ['127.0.0.1:5000', '127.0.0.2:5000', false],
    ['127.0.0.1:0', '127.0.0.1:0', false],
  ])('%s and %s for metrics are the same address: %s', async (listen, metrics, isSame) => {
    const loaded = loadConfig({ LAMINA_LISTEN: listen, LAMINA_METRICS_LISTEN: metrics }, directory)
    if (isSame) await expect(loaded).rejects.toThrow('LAMINA_METRICS_LISTEN is the address of LAMINA_LISTEN')
    else await expect(loaded).resolves.toBeDefined()
  })

  test('wants both halves of a certificate', async () => {
    expect(await problems({ LAMINA_TLS_CERT: 'a.crt' })).toContain('LAMINA_TLS_KEY')
  })

  test.each([
    ['a: [', 'not valid YAML'],
    ['- listen', 'must hold lines'],
    ['listen: {host: x}', 'nested'],
  ])('refuses a file that holds %s', async (content, why) => {
    await writeFile(join(directory, 'lamina.yaml'), content)
    expect(await problems({})).toContain(why)
  })
})
