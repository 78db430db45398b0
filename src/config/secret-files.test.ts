import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { ConfigError } from './config-error.ts'
import { loadConfig } from './load.ts'
import { SETTINGS } from './schema.ts'

const SECRET = 'planted'.repeat(6)
let directory = ''
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'lamina-secrets-'))
})
afterEach(async () => {
  await rm(directory, { recursive: true })
})

async function put(name: string, content: string | Uint8Array): Promise<string> {
  const path = join(directory, name)
  await writeFile(path, content)
  return path
}

async function problems(environment: Record<string, string>): Promise<string> {
  const error: unknown = await loadConfig(environment, directory).catch((error: unknown) => error)
  if (!(error instanceof ConfigError)) throw new Error('the configuration was accepted')
  return error.message
}

describe('a secret in a file', () => {
  test.each([SECRET, `${SECRET}\n`, `${SECRET}\r\n`])('is its only line: %j', async (content) => {
    const path = await put('secret', content)
    const { config, given } = await loadConfig({ LAMINA_SECRET_FILE: path }, directory)
    expect(config.secret).toBe(SECRET)
    expect(given.get('secret')).toMatchObject({ source: path, name: 'LAMINA_SECRET_FILE' })
  })

  test('is had of every setting that is a secret, and of no other', async () => {
    const secrets = SETTINGS.filter(({ secret }) => secret)
    expect(secrets.map(({ environmentFileName }) => environmentFileName)).toEqual([
      'LAMINA_METADATA_FILE',
      'LAMINA_ADMIN_PASSWORD_FILE',
      'LAMINA_SECRET_FILE',
      'LAMINA_WEBHOOK_FILE',
      'LAMINA_WEBHOOK_SECRET_FILE',
    ])
    const environment = {
      LAMINA_METADATA_FILE: await put('url', 'postgres://lamina:hidden@db/lamina\n'),
      LAMINA_ADMIN_PASSWORD_FILE: await put('password', ' with spaces \n'),
      LAMINA_SECRET_FILE: await put('secret', `${SECRET}\n`),
    }
    const { config } = await loadConfig(environment, directory)
    expect(config).toMatchObject({
      metadata: 'postgres://lamina:hidden@db/lamina',
      adminPassword: ' with spaces ',
      secret: SECRET,
    })
    expect(await problems({ LAMINA_LISTEN_FILE: join(directory, 'url') })).toContain('is not a setting')
  })

  test('is named by lamina.yaml, too, from the working directory; the environment wins', async () => {
    await put('secret', SECRET)
    await put('lamina.yaml', 'secret-file: secret\nadmin-password: of the file\n')
    expect((await loadConfig({}, directory)).config).toMatchObject({ secret: SECRET })
    const other = await put('other', 'from elsewhere')
    const environment = { LAMINA_SECRET: 'y'.repeat(32), LAMINA_ADMIN_PASSWORD_FILE: other }
    const { config } = await loadConfig(environment, directory)
    expect(config).toMatchObject({ secret: 'y'.repeat(32), adminPassword: 'from elsewhere' })
  })

  test('stands beside no other one', async () => {
    const path = await put('secret', SECRET)
    const text = await problems({ LAMINA_SECRET: SECRET, LAMINA_SECRET_FILE: path })
    expect(text).toBe(
      'LAMINA_SECRET and LAMINA_SECRET_FILE (environment) both say what secret is. Keep one of them.',
    )
    await put('lamina.yaml', `secret-file: ${path}\nsecret: ${SECRET}\n`)
    expect(await problems({})).toContain('secret-file and secret')
  })

  test.each([
    ['absent', 'is not there'],
    ['directory', 'is a directory'],
    ['empty', 'is empty'],
    ['line-end', 'is empty'],
    ['lines', 'holds more than one line'],
    ['bytes', 'is no text in UTF-8'],
    ['large', 'is larger than a secret'],
    ['/dev/zero', 'is larger than a secret'],
  ])('is refused when its file is of the kind %s, with its name and the reason alone', async (name, why) => {
    await mkdir(join(directory, 'directory'))
    await put('empty', '')
    await put('line-end', '\n')
    await put('lines', `${SECRET}\n${SECRET}\n`)
    await put('bytes', Buffer.from([0xff, 0xfe, 0x70, 0x00]))
    await put('large', 'planted'.repeat(20_000))
    const text = await problems({ LAMINA_SECRET_FILE: name, LAMINA_METADATA: 'postgres://db/lamina' })
    expect(text).toBe(
      `LAMINA_SECRET_FILE (environment) names "${name}", which ${why}${why.endsWith('secret') ? ' may be (64 KiB)' : why.endsWith('directory') ? '; name the file in it' : ''}. It must be a file that holds the secret and nothing else.`,
    )
    expect(text).not.toContain('planted')
  })

  test('is told as wrong by the name of its file, and not shown', async () => {
    const path = await put('secret', 'tooshort')
    const text = await problems({ LAMINA_SECRET_FILE: path })
    expect(text).toContain(`LAMINA_SECRET_FILE (${path})`)
    expect(text).not.toContain('tooshort')
  })
})
