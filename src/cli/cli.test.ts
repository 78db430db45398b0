import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { VERSION } from '../version.ts'
import { type Answer, type FakeServer, fakeServer, lamina, type Ran } from './cli-fixture.ts'
import { GROUPS } from './commands.ts'

let directory = ''
let server: FakeServer | undefined
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'lamina-cli-'))
})
afterEach(async () => {
  await server?.dispose()
  server = undefined
  await rm(directory, { recursive: true })
})

const DATE = '2026-11-23T10:00:00.000Z'

/** Runs a command beside a server that gives `answers`. */
async function beside(words: string, input: string, ...answers: Answer[]): Promise<Ran> {
  server = await fakeServer(...answers)
  return lamina(words.split(' '), { directory, input, environment: { LAMINA_DATA: server.data } })
}

describe('help', () => {
  test('lists every command and the exit codes, also when nothing was typed', async () => {
    for (const words of [[], ['help'], ['--help'], ['-h']]) {
      const { code, output } = await lamina(words, { directory })
      expect(code).toBe(0)
      for (const { name, summary } of GROUPS) expect(output).toMatch(new RegExp(`  ${name} +${summary}`))
      expect(output).toContain('Exit codes')
    }
  })

  test('says of every command how it is used, what it does, and what its options mean', async () => {
    for (const group of GROUPS) {
      for (const command of await group.load()) {
        const { code, output } = await lamina(['help', ...command.words.split(' ')], { directory })
        expect(code).toBe(0)
        expect(output).toContain(`lamina ${command.words}`)
        expect(output).toContain(command.summary)
        expect(command.summary).toMatch(/^[A-Z].*\.$/)
        for (const [name, { doc }] of Object.entries(command.options ?? {})) {
          expect(output).toContain(`--${name}`)
          expect(doc).toMatch(/^[A-Za-z].{10,}/)
        }
        expect(command.words.startsWith(group.name)).toBe(true)
        const json: unknown = JSON.parse(
          (await lamina(['help', ...command.words.split(' '), '--json'], { directory })).output,
        )
        expect(json).toBeDefined()
      }
    }
  })

  test('is also had by --help behind a command', async () => {
    const { output } = await lamina(['user', 'add', 'ann', '--help'], { directory })
    expect(output).toContain('lamina user add NAME')
  })
})

describe('wrong usage ends with 2 and says what would be right', () => {
  test.each([
    ['sreve', 'Did you mean serve?'],
    ['user', 'needs one of: add, list, remove, password'],
    ['user ad', 'Did you mean user add?'],
    ['user add', 'NAME is missing'],
    ['user add a b', '"b" is one argument too many'],
    ['user add a --admn', 'Did you mean --admin?'],
    ['user add a --admin=yes', '--admin takes no value'],
    ['project set a', 'either --public or --private'],
    ['account add p a', '--role ROLE is missing'],
    ['account add p a --role boss', 'viewer, writer, admin'],
    ['account add p a --role', '--role needs a value'],
    ['badge add Demo/App', 'is no image'],
    ['badge add demo/app:v1', 'write demo/app, without a tag'],
    ['token add t --expires-in-days soon', 'whole number of days'],
    ['tls init --name host:5000', 'without a port'],
    ['help nothing', 'There is no command'],
    ['tls init --name a --out x --out y', '--out stands more than once'],
    ['migrate --to a.yaml --to=b.yaml', '--to stands more than once'],
    ['migrate --to absent.yaml', '--to names it.'],
    ['migrate --to /dev/null', '/dev/null does not say where the registry is to lie'],
    ['user remove ', 'NAME is empty'],
    ['import /tmp demo/app', '/tmp is a directory'],
    ['export demo/app:v1 --output /tmp', '/tmp is a directory'],
  ])('lamina %s', async (words, message) => {
    const { code, output, error } = await lamina(words.split(' '), { directory })
    expect(error).toContain(message)
    expect(output).toBe('')
    expect(code).toBe(2)
  })

  test('as JSON when asked', async () => {
    const { error } = await lamina(['user', 'add', '--json'], { directory })
    expect(JSON.parse(error)).toHaveProperty('error')
    expect(error).toContain('NAME is missing')
  })

  test('and so does a wrong configuration', async () => {
    const ran = await lamina(['serve'], { directory, environment: { LAMINA_LOG: 'loud' } })
    expect(ran.code).toBe(2)
    expect(ran.error).toContain('LAMINA_LOG (environment) is "loud"')
  })
})

test('a first start with a password that is too short says so in a sentence', {
  timeout: 60_000,
}, async () => {
  const environment = {
    LAMINA_LISTEN: '127.0.0.1:0',
    LAMINA_DATA: join(directory, 'short'),
    LAMINA_LOG: 'silent',
  }
  const ran = await lamina(['serve'], {
    directory,
    environment: { ...environment, LAMINA_ADMIN_PASSWORD: 'x' },
  })
  expect([ran.code, ran.error]).toEqual([
    1,
    expect.stringMatching(
      /^lamina: LAMINA_ADMIN_PASSWORD cannot be used: a password takes 8 to 1024 [^\n]*\n$/,
    ),
  ])
})

describe('a first start on a port that is taken', () => {
  // The whole server is loaded and made here.
  test('says so, and shows the password that no other start will', { timeout: 60_000 }, async () => {
    const other = createServer().listen(0, '127.0.0.1')
    await once(other, 'listening')
    const address = other.address()
    const port = typeof address === 'object' && address !== null ? address.port : 0
    const environment = {
      LAMINA_LISTEN: `127.0.0.1:${port}`,
      LAMINA_DATA: join(directory, 'taken'),
      LAMINA_LOG: 'silent',
    }
    const first = await lamina(['serve'], { directory, environment })
    expect(first.code).toBe(1)
    expect(first.error).toMatch(/shown only this once\):\n\n {4}\w{5}(-\w{5}){3}\n/)
    expect(first.error).toContain('another program already does')
    other.close()
  })
})

describe('asking the server', () => {
  test.each([
    [
      'user add ann --admin',
      'POST /api/v1/users',
      { name: 'ann', admin: true },
      { name: 'ann', password: 'pw1' },
      'pw1',
    ],
    ['user password admin', 'PUT /api/v1/users/admin/password', {}, { password: 'pw2' }, 'pw2'],
    [
      'token add ci',
      'POST /api/v1/user/tokens?user=admin',
      { name: 'ci' },
      { id: '1', name: 'ci', secret: 'pw3' },
      'pw3',
    ],
    [
      'token add ci --user ann --expires-in-days 7',
      'POST /api/v1/user/tokens?user=ann',
      { name: 'ci', expiresInDays: 7 },
      { id: '1', name: 'ci', secret: 'pw3' },
      'pw3',
    ],
    [
      'project create demo --public',
      'POST /api/v1/projects',
      { name: 'demo', public: true },
      { name: 'demo', public: true, created: DATE },
      'demo created, public',
    ],
    [
      'project show demo',
      'GET /api/v1/projects/demo',
      undefined,
      { name: 'demo', public: false, created: DATE },
      'private, created 2026-11-23',
    ],
    [
      'project set demo --private',
      'PATCH /api/v1/projects/demo',
      { public: false },
      { name: 'demo', public: false, created: DATE },
      'demo is private',
    ],
    [
      'project add-member demo ann --role writer',
      'PUT /api/v1/projects/demo/members/ann',
      { role: 'writer' },
      { user: 'ann', role: 'writer', since: DATE },
      'ann is writer',
    ],
    [
      'account add demo ci --role viewer',
      'POST /api/v1/projects/demo/accounts',
      { name: 'ci', role: 'viewer' },
      { name: 'ci', user: 'demo+ci', secret: 'pw4', keyFile: {} },
      'pw4',
    ],
    [
      'badge add demo/team/app',
      'POST /api/v1/projects/demo/badges',
      { repository: 'demo/team/app' },
      { id: 'ab12', key: 'pw5', repository: 'demo/team/app', created: DATE },
      'badge.svg?ref=demo/team/app&key=pw5',
    ],
    ['keys rotate', 'POST /api/v1/keys/rotate', {}, { kid: 'k1' }, 'k1'],
    [
      'read-only on --reason disks',
      'PUT /api/v1/read-only',
      { readOnly: true, reason: 'disks' },
      { readOnly: true, reason: 'disks' },
      'refuses writes (disks)',
    ],
    [
      'migrate --show',
      'GET /api/v1/migration',
      undefined,
      { phase: 'stopped', target: '/new', problem: 'no route', blobs: 1, bytes: 2, records: 3 },
      'The move to /new stopped: no route',
    ],
    ['read-only off', 'PUT /api/v1/read-only', { readOnly: false }, { readOnly: false }, 'takes writes'],
  ] as const)('lamina %s', async (...row) => {
    const [words, asked, body, answer, shown] = row
    const { code, output, error } = await beside(words, '', [200, answer])
    expect(error).toBe('')
    expect(server?.seen.map(({ method, path }) => `${method} ${path}`)).toEqual([asked])
    expect(server?.seen[0]?.body).toEqual(body)
    expect(output).toContain(shown)
    expect(code).toBe(0)
  })

  test.each([
    ['user remove ann', 'DELETE /api/v1/users/ann'],
    ['token remove 17', 'DELETE /api/v1/user/tokens/17?user=admin'],
    ['project remove a%b', 'DELETE /api/v1/projects/a%25b'],
    ['project remove-member demo ann', 'DELETE /api/v1/projects/demo/members/ann'],
    ['account remove demo ci', 'DELETE /api/v1/projects/demo/accounts/ci'],
    ['badge remove demo ab12', 'DELETE /api/v1/projects/demo/badges/ab12'],
  ])('lamina %s', async (words, asked) => {
    const { code } = await beside(words, '', [204, undefined])
    expect(server?.seen.map(({ method, path }) => `${method} ${path}`)).toEqual([asked])
    expect(code).toBe(0)
  })

  test('lists read every page', async () => {
    const user = (name: string) => ({ name, admin: false, created: DATE })
    const pages = [
      [200, { users: [user('ann')], next: 'ann' }],
      [200, { users: [user('bob')] }],
    ] as const
    const { output } = await beside('user list --json', '', ...pages)
    expect(JSON.parse(output)).toEqual({ users: [user('ann'), user('bob')] })
    expect(server?.seen.map(({ path }) => path)).toEqual([
      '/api/v1/users?n=1000',
      '/api/v1/users?n=1000&last=ann',
    ])
  })

  test('badge keys are listed by id and repository', async () => {
    const badge = { id: 'ab12', repository: 'demo/app', created: DATE }
    const { output } = await beside('badge list demo', '', [200, { badges: [badge] }])
    expect(output).toMatch(/^ab12 +demo\/app +2026-11-23$/m)
    expect(server?.seen.map(({ path }) => path)).toEqual(['/api/v1/projects/demo/badges?n=1000'])
  })

  test('a password comes from standard input, never from the command line', async () => {
    await beside('user add ann --password-stdin', 'from stdin', [201, { name: 'ann' }])
    expect(server?.seen[0]?.body).toMatchObject({ password: 'from stdin' })
  })

  test('what the server refuses ends with 1 and its reason', async () => {
    const ran = await beside('project show x', '', [
      404,
      { errors: [{ code: 'NAME_UNKNOWN', message: 'no such project' }] },
    ])
    expect(ran).toMatchObject({ code: 1, error: 'lamina: no such project (NAME_UNKNOWN, 404)\n' })
  })

  test('no server ends with 3 and says where it was looked for', async () => {
    const data = join(directory, 'nothing')
    const ran = await lamina(['user', 'list'], { directory, environment: { LAMINA_DATA: data } })
    expect(ran.code).toBe(3)
    expect(ran.error).toContain(join(data, 'control.sock'))
    expect(ran.error).toContain('LAMINA_URL')
  })

  test('a server elsewhere is asked with the token, as oneself', async () => {
    server = await fakeServer([200, { tokens: [] }])
    const environment = { LAMINA_URL: server.server.url, LAMINA_TOKEN: 'lam_x' }
    expect((await lamina(['token', 'list'], { directory, environment })).code).toBe(0)
    expect(server.seen[0]).toMatchObject({
      authorization: 'Bearer lam_x',
      path: '/api/v1/user/tokens?n=1000',
    })
  })

  test('a token may lie in a file, which says so when it has none', async () => {
    server = await fakeServer([200, { tokens: [] }])
    await writeFile(join(directory, 'token'), 'lam_x\n')
    const environment = { LAMINA_URL: server.server.url, LAMINA_TOKEN_FILE: 'token' }
    expect((await lamina(['token', 'list'], { directory, environment })).code).toBe(0)
    expect(server.seen[0]?.authorization).toBe('Bearer lam_x')
    for (const [more, why] of [
      [{ LAMINA_TOKEN_FILE: 'absent' }, 'LAMINA_TOKEN_FILE names "absent", which is not there'],
      [{ LAMINA_TOKEN: 'lam_y' }, 'both set'],
    ] as const) {
      const ran = await lamina(['token', 'list'], { directory, environment: { ...environment, ...more } })
      expect([ran.code, ran.error]).toEqual([2, expect.stringContaining(why)])
    }
  })

  test('the end of a line behind a token is not of it', async () => {
    server = await fakeServer([200, { tokens: [] }])
    const environment = { LAMINA_URL: server.server.url, LAMINA_TOKEN: 'lam_x\n' }
    expect((await lamina(['token', 'list'], { directory, environment })).code).toBe(0)
    expect(server.seen[0]?.authorization).toBe('Bearer lam_x')
  })

  test.each([
    ['x://y', 'lam_x', 'LAMINA_URL is "x://y"'],
    ['https://registry.example/lamina', 'lam_x', 'without a path'],
    ['https://registry.example', '', 'LAMINA_TOKEN is not'],
    ['https://registry.example', 'lam_\nx', 'LAMINA_TOKEN holds signs'],
    ['https://registry.example', 'lam_x', 'LAMINA_CA names /dev/null, which holds no certificate'],
  ])('LAMINA_URL=%s with the token %j ends with 2', async (url, token, why) => {
    const environment = { LAMINA_URL: url, LAMINA_TOKEN: token, LAMINA_CA: '/dev/null' }
    const { code, error } = await lamina(['token', 'list'], { directory, environment })
    expect([code, error]).toEqual([2, expect.stringContaining(why)])
  })
})

describe('lamina migrate', () => {
  const state = (phase: string) => ({ phase, target: '/new', blobs: 1, bytes: 2, records: 3 })

  test('sends the settings of the file, paths made absolute, and follows the move to its end', async () => {
    await writeFile(join(directory, 'new.yaml'), 'data: ./new\ngrace: 1h\n')
    const ran = await beside('migrate --to new.yaml', '', [202, state('copying')], [200, state('moved')])
    expect(ran).toMatchObject({ code: 0 })
    expect(ran.output).toContain('LAMINA_CONFIG=new.yaml lamina serve')
    expect(ran.progress).toEqual(['Moving to /new: 1 blobs (0 MiB) and 3 records copied.', ''])
    const settings = { data: resolve('new'), grace: '1h' }
    expect(server?.seen[0]).toMatchObject({ method: 'POST', path: '/api/v1/migration', body: { settings } })
  })

  test('sends paths and secrets of files so that the server finds them, wherever it runs', async () => {
    await writeFile(join(directory, 'secret'), `${'planted'.repeat(6)}\n`)
    await writeFile(
      join(directory, 'new.yaml'),
      'data: data\nblobs: s3://images\ns3-ca: ca.pem\nsecret-file: secret\n',
    )
    await beside('migrate --to new.yaml', '', [202, state('moved')])
    const settings = {
      data: resolve('data'),
      blobs: 's3://images',
      's3-ca': resolve('ca.pem'),
      secret: 'planted'.repeat(6),
    }
    expect(server?.seen[0]).toMatchObject({ body: { settings } })
  })

  test('ends with 1 when the move stops, and says that it can go on', async () => {
    await writeFile(join(directory, 'new.yaml'), 'data: ./new\n')
    const ran = await beside('migrate --to new.yaml', '', [202, { ...state('stopped'), problem: 'full' }])
    expect(ran.code).toBe(1)
    expect(ran.error).toContain('full What was copied stays')
  })

  test('wants to know what to do', async () => {
    expect((await beside('migrate', '')).code).toBe(2)
    expect((await beside('migrate --show --cancel', '')).code).toBe(2)
  })
})

describe('a key file', () => {
  const made = { name: 'ci', user: 'demo+ci', secret: 'pw', keyFile: { type: 'lamina', secret: 'pw' } }

  test('is for its owner alone, and the secret is not shown', async () => {
    const { output } = await beside('account add demo ci --role writer --out key.json', '', [201, made])
    const path = join(directory, 'key.json')
    expect(JSON.parse(await readFile(path, 'utf8'))).toEqual(made.keyFile)
    expect((await stat(path)).mode & 0o777).toBe(0o600)
    expect(output).not.toContain('pw')
  })

  test('that cannot be written keeps the account from being made', async () => {
    await writeFile(join(directory, 'key.json'), 'mine')
    const { code } = await beside('account add demo ci --role writer --out key.json', '', [201, made])
    expect(code).toBe(1)
    expect(server?.seen).toEqual([])
    expect(await readFile(join(directory, 'key.json'), 'utf8')).toBe('mine')
  })

  test('is taken away again when the server refuses', async () => {
    const refusal = [403, { errors: [{ code: 'DENIED', message: 'no' }] }] as const
    await beside('account add demo ci --role writer --out key.json', '', refusal)
    await expect(stat(join(directory, 'key.json'))).rejects.toThrow('ENOENT')
  })
})

describe('by itself', () => {
  test('config shows values and where they came from, but no secret', async () => {
    await writeFile(join(directory, 'lamina.yaml'), 'log: debug\n')
    const environment = { LAMINA_ADMIN_PASSWORD: 'hunter2', LAMINA_GRACE: '48h' }
    const { output } = await lamina(['config'], { directory, environment })
    expect(output).toMatch(/grace +48h +environment/)
    expect(output).toMatch(/log +debug +\S+lamina.yaml/)
    expect(output).toMatch(/listen +127.0.0.1:5000 +default/)
    expect(output).toMatch(/admin-password +‹set›/)
    expect(output).not.toContain('hunter2')
  })

  test('tls init says what other machines need', async () => {
    const { code, output } = await lamina(['tls', 'init', '--name', 'reg.example', '--name', '::1'], {
      directory,
    })
    expect(code).toBe(0)
    expect(output).toContain('/etc/docker/certs.d/reg.example:5000/ca.crt')
    expect(output).toContain('/etc/containers/certs.d/[::1]:5000/ca.crt')
    expect(output).toContain(`LAMINA_TLS_KEY=${join(directory, 'tls', 'server.key')}`)
  })

  test('version is that of package.json', async () => {
    const manifest: unknown = JSON.parse(
      await readFile(new URL('../../package.json', import.meta.url), 'utf8'),
    )
    const { output } = await lamina(['version', '--json'], { directory })
    expect(manifest).toHaveProperty('version')
    expect(manifest).toMatchObject({ version: VERSION })
    expect(JSON.parse(output)).toEqual({ lamina: VERSION, node: process.versions.node })
  })
})

describe('what is in the registry', () => {
  const layer = (digest: string, size: number) => ({ digest, size })

  test('ls lists projects, and the repositories of one', async () => {
    const projects = await beside('ls', '', [200, { projects: [{ name: 'shop', public: true }] }])
    expect(projects.output).toMatch(/shop +public/)
    await server?.dispose()
    const page = { repositories: [{ name: 'shop/web', tags: 2, pushed: DATE }] }
    expect((await beside('ls shop', '', [200, page])).output).toMatch(/shop\/web +2026-11-23/)
    expect(server?.seen[0]?.path).toBe('/api/v1/projects/shop/repositories?n=1000')
  })

  test('tags lists what tags lead to', async () => {
    const tag = { tag: 'v1', digest: 'sha256:ab', size: 2048, pushed: DATE, by: 'user:ann' }
    const { output } = await beside('tags shop/web', '', [200, { repository: 'shop/web', tags: [tag] }])
    expect(output).toMatch(/v1 +2\.0 KiB +2026-11-23 +user:ann +sha256:ab/)
    expect(server?.seen[0]?.path).toBe('/api/v1/tags?repository=shop%2Fweb&n=1000')
  })

  test('diff says which layers both have', async () => {
    const layers = { shared: [layer('sha256:aa', 1)], onlyA: [], onlyB: [layer('sha256:bb', 2)] }
    const { output } = await beside('diff a/x:1 a/x:2', '', [200, { layers }])
    expect(output).toMatch(/both +1 bytes +sha256:aa\na\/x:2 +2 bytes +sha256:bb/)
  })

  test('plan says what moves', async () => {
    const moved = { bytes: 2048, count: 1 }
    const answer = { layer: moved, chain: moved, layers: [{ ...layer('sha256:bb', 2048), kept: false }] }
    const { output } = await beside('plan a/x:2 --have a/x:1', '', [200, answer])
    expect(output).toContain('2.0 KiB in 1 layers move')
    expect(server?.seen[0]?.body).toEqual({ want: 'a/x:2', have: ['a/x:1'] })
  })
})

describe('completion', () => {
  /** What bash offers for the last of `words`. */
  async function offered(...words: string[]): Promise<string[]> {
    const { output } = await lamina(['completion', 'bash'], { directory })
    const typed = ['lamina', ...words].map((word) => `'${word}'`).join(' ')
    const script = `${output}\nCOMP_WORDS=(${typed}); COMP_CWORD=${words.length}; _lamina; printf '%s\\n' "\${COMPREPLY[@]}"`
    return execFileSync('bash', ['-c', script]).toString().trim().split('\n')
  }

  test('bash completes commands, their verbs and their options', async () => {
    expect(await offered('doc')).toEqual(['doctor'])
    expect(await offered('user', 'a')).toEqual(['add'])
    expect(await offered('user', 'add', '--a')).toContain('--admin')
    expect(await offered('user', 'add', 'ann', '--j')).toEqual(['--json'])
  })

  test('is there for zsh and fish too, and for no other shell', async () => {
    expect((await lamina(['completion', 'zsh'], { directory })).output).toContain('bashcompinit')
    expect((await lamina(['completion', 'fish'], { directory })).output).toContain("-a 'doctor'")
    expect((await lamina(['completion', 'cmd'], { directory })).code).toBe(2)
  })
})
