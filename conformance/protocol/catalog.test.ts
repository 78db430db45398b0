import { beforeAll, describe, expect, test } from 'vitest'
import { check, type Exchange, play } from './support/exchange.ts'
import { image } from './support/images.ts'
import { textsAt } from './support/json.ts'
import { pagesFrom } from './support/paging.ts'
import { pushImage } from './support/push.ts'
import { useServer } from './support/server.ts'

/** P§1.9: GET /v2/_catalog without access control. access-catalog.test.ts has who sees what. */
const lamina = useServer({ LAMINA_AUTH: 'off' })
const client = () => lamina.now.client
const URL = '/v2/_catalog'

// `-` and `.` come before `/` in bytes, `a-b` is another project than `a`: the order is by (project, rest).
const NAMES = [
  'a',
  'a-b/x',
  'a.b/x',
  'a/b',
  'a/b-c',
  'a/b/c',
  'alpine',
  'team/app',
  'team/app/web',
  'zeta/0',
  'zeta/z',
]

beforeAll(async () => {
  for (const name of NAMES.toReversed()) await pushImage(client(), name, image(`catalog/${name}`), 'v1')
})

const whole = async () => textsAt((await client().get(URL)).json, 'repositories')

describe('the catalog', () => {
  test('lists every repository once, without Link', async () => {
    const reply = await client().get(URL)
    check(reply, { status: 200, headers: { 'content-type': /^application\/json/, link: undefined } })
    expect(textsAt(reply.json, 'repositories').toSorted()).toEqual(NAMES.toSorted())
  })

  // "`GET /v2/_catalog?n&last` → `repositories`, Link as tags"
  test.each([1, 2, 3, 4, NAMES.length - 1, NAMES.length, 1000])(
    'in pages of %i comes in one order, each once',
    async (n) => {
      const pages = (await pagesFrom(client(), `${URL}?n=${n}`)).map((page) =>
        textsAt(page.json, 'repositories'),
      )
      expect(pages.flat()).toEqual(await whole())
      for (const page of pages.slice(0, -1)) expect(page.length).toBe(n)
      expect(pages.at(-1)?.length).toBeGreaterThan(0)
    },
  )

  test('goes on after any of its names', async () => {
    const all = await whole()
    for (const [at, last] of all.entries())
      check(await client().get(`${URL}?last=${encodeURIComponent(last)}`), {
        status: 200,
        json: { repositories: all.slice(at + 1) },
      })
  })

  const TABLE: readonly Exchange[] = [
    {
      name: 'n=0 is empty, without Link',
      send: { path: `${URL}?n=0` },
      expect: { status: 200, json: { repositories: [] }, headers: { link: undefined } },
    },
    // "DD rejects n above its max, better clamp." CVE-2023-2253
    ...['9007199254740992', '99999999999999999999999', '2147483648'].map(
      (n): Exchange => ({
        name: `n=${n} is clamped`,
        send: { path: `${URL}?n=${n}` },
        expect: { status: 200 },
        after: async (_client, reply) =>
          expect(textsAt(reply.json, 'repositories').length).toBe(NAMES.length),
      }),
    ),
    ...['-1', 'abc', '1.5', 'NaN', '%20'].map(
      (n): Exchange => ({
        name: `n=${n} is refused`,
        send: { path: `${URL}?n=${n}` },
        expect: { status: 400, code: 'PAGINATION_NUMBER_INVALID' },
      }),
    ),
    { name: 'n twice does not crash', send: { path: `${URL}?n=1&n=2` }, expect: { status: [200, 400] } },
    {
      name: 'a last that is no name does not crash',
      send: { path: `${URL}?last=%00Not%2F%2FA%20Name` },
      expect: { status: [200, 400] },
    },
    {
      name: 'a last beyond the end is empty',
      send: { path: `${URL}?last=zzzz` },
      expect: { status: 200, json: { repositories: [] }, headers: { link: undefined } },
    },
  ]
  play(TABLE, client)

  test('is not disturbed by a repository that was emptied', async () => {
    await pushImage(client(), 'zeta/gone', image('catalog/gone'), 'v1')
    check(await client().delete('/v2/zeta/gone/manifests/v1'), { status: 202 })
    const names = await whole()
    expect(names.length).toBe(new Set(names).size)
    expect(names.filter((name) => name !== 'zeta/gone').toSorted()).toEqual(NAMES.toSorted())
  })
})
