import { beforeAll, describe, expect, test } from 'vitest'
import { check, type Exchange, play } from './support/exchange.ts'
import { image } from './support/images.ts'
import { listAt } from './support/json.ts'
import { nextOf, pagesFrom } from './support/paging.ts'
import { openUpload, pushBlob, pushImage, putManifest } from './support/push.ts'
import { useOpenRegistry } from './support/server.ts'

/** P§1.6: GET /v2/<name>/tags/list. */
const lamina = useOpenRegistry()
const client = () => lamina.now.client

const NAME = 'tags/app'
const IMAGE = image('tags')
// "ASCII or case-folded order [M]; use byte order so `last` works."
const TAGS = [
  '0',
  '10',
  '2',
  'A',
  'B.1',
  'B_1',
  'Z',
  '_under',
  'a',
  'a-1',
  'a.1',
  'a_1',
  'latest',
  'v1',
  'v1.10',
  'v1.2',
  'v2',
  'z'.repeat(128),
].toSorted()
const URL = `/v2/${NAME}/tags/list`

beforeAll(async () => {
  await pushImage(client(), NAME, IMAGE, 'latest')
  for (const tag of TAGS.toReversed()) check(await putManifest(client(), NAME, tag, IMAGE), { status: 201 })
})

const list = (tags: readonly string[]) => ({ name: NAME, tags })
const JSON_TYPE = { 'content-type': /^application\/json/ }

const LISTS: readonly Exchange[] = [
  {
    name: 'all of them, in byte order, without Link',
    send: { path: URL },
    expect: { status: 200, json: list(TAGS), headers: { ...JSON_TYPE, link: undefined } },
  },
  // "`n=0` → empty list, no Link [M]."
  {
    name: 'n=0 is an empty list without Link',
    send: { path: `${URL}?n=0` },
    expect: { status: 200, json: list([]), headers: { link: undefined } },
  },
  {
    name: 'n=0 with last',
    send: { path: `${URL}?n=0&last=a` },
    expect: { status: 200, json: list([]), headers: { link: undefined } },
  },
  // "Exactly n unless fewer exist or Link given [M]." "none on the final page"
  ...[1, 4, TAGS.length - 1].map(
    (n): Exchange => ({
      name: `n=${n} gives ${n} and a Link`,
      send: { path: `${URL}?n=${n}` },
      expect: { status: 200, json: list(TAGS.slice(0, n)), headers: { link: /rel="next"$/ } },
    }),
  ),
  ...[TAGS.length, TAGS.length + 1, 1000].map(
    (n): Exchange => ({
      name: `n=${n} gives all and no Link`,
      send: { path: `${URL}?n=${n}` },
      expect: { status: 200, json: list(TAGS), headers: { link: undefined } },
    }),
  ),
  // "`last` exclusive, valid without `n`, need not exist."
  ...['a', 'latest', 'a-', 'M', 'zz', '~', '.bad', '%20'].map(
    (last): Exchange => ({
      name: `last=${last} alone gives what comes after it`,
      send: { path: `${URL}?last=${last}` },
      expect: {
        status: 200,
        json: list(TAGS.filter((tag) => tag > decodeURIComponent(last))),
        headers: { link: undefined },
      },
    }),
  ),
  {
    name: 'last and n together',
    send: { path: `${URL}?last=a&n=2` },
    expect: { status: 200, json: list(TAGS.filter((tag) => tag > 'a').slice(0, 2)) },
  },
  {
    name: 'an empty last is the start',
    send: { path: `${URL}?last=&n=2` },
    expect: { status: 200, json: list(TAGS.slice(0, 2)) },
  },
  // "Oversize n: clamp + Link." CVE-2023-2253: "n=2^53, negative, NaN, array → clamp; memory flat"
  ...['9007199254740992', '99999999999999999999999', '100000000'].map(
    (n): Exchange => ({
      name: `n=${n} is clamped`,
      send: { path: `${URL}?n=${n}` },
      expect: { status: 200, json: list(TAGS) },
    }),
  ),
  // "Bad n 400."
  ...['-1', 'abc', '1.5', '1e3', '0x10', 'NaN', '%00', '+1', ' '].map(
    (n): Exchange => ({
      name: `n=${n} is refused`,
      send: { path: `${URL}?n=${encodeURIComponent(n)}` },
      expect: { status: 400, code: 'PAGINATION_NUMBER_INVALID' },
    }),
  ),
  { name: 'n twice does not crash', send: { path: `${URL}?n=2&n=3` }, expect: { status: [200, 400] } },
  {
    name: 'last twice does not crash',
    send: { path: `${URL}?last=a&last=b` },
    expect: { status: [200, 400] },
  },
  { name: 'n as an array does not crash', send: { path: `${URL}?n[]=2` }, expect: { status: [200, 400] } },
  // "Unknown repo 404 NAME_UNKNOWN."
  {
    name: 'an unknown repository is 404',
    send: { path: '/v2/tags/absent/tags/list' },
    expect: { status: 404, code: 'NAME_UNKNOWN' },
  },
  {
    name: 'an unknown project is 404',
    send: { path: '/v2/absent/tags/list?n=0' },
    expect: { status: 404, code: 'NAME_UNKNOWN' },
  },
  // "200 `name`,`tags` (array, never null)."
  {
    name: 'a repository with a manifest but no tag has an empty list',
    given: (client) => pushImage(client, 'tags/untagged', IMAGE),
    send: { path: '/v2/tags/untagged/tags/list' },
    expect: { status: 200, json: { name: 'tags/untagged', tags: [] }, headers: { link: undefined } },
  },
  {
    name: 'a repository that has only a blob has an empty list, or is not there yet',
    given: (client) => pushBlob(client, 'tags/blob-only', IMAGE),
    send: { path: '/v2/tags/blob-only/tags/list' },
    expect: { status: [200, 404] },
  },
  {
    name: 'an open upload does not make a tag',
    given: (client) => openUpload(client, 'tags/upload-only'),
    send: { path: '/v2/tags/upload-only/tags/list' },
    expect: { status: [200, 404] },
    after: async (_client, reply) => expect(reply.text).not.toMatch(/latest/),
  },
]

describe('a list', () => play(LISTS, client))

describe('paging', () => {
  test.each([1, 2, 3, 5, 7, 17])('by %i visits every tag once, in order', async (n) => {
    const pages = await pagesFrom(client(), `${URL}?n=${n}`)
    const tags = pages.map((page) => listAt(page.json, 'tags'))
    expect(tags.flat()).toEqual(TAGS)
    for (const page of tags.slice(0, -1)) expect(page.length).toBe(n)
    expect(tags.at(-1)?.length).toBeGreaterThan(0)
  })

  test('the Link carries on with the same n, after the last tag of the page', async () => {
    const next = nextOf(await client().get(`${URL}?n=4`)) ?? ''
    const query = new URLSearchParams(next.slice(next.indexOf('?') + 1))
    expect(next.startsWith(`${URL}?`)).toBe(true)
    expect([query.get('n'), query.get('last')]).toEqual(['4', TAGS[3]])
  })

  test('a tag deleted between pages does not disturb the next', async () => {
    const made = image('tags/paged')
    for (const tag of ['a', 'b', 'c', 'd']) await pushImage(client(), 'tags/paged', made, tag)
    const next = nextOf(await client().get('/v2/tags/paged/tags/list?n=2')) ?? ''
    check(await client().delete('/v2/tags/paged/manifests/b'), { status: 202 })
    check(await client().get(next), { status: 200, json: { name: 'tags/paged', tags: ['c', 'd'] } })
  })
})
