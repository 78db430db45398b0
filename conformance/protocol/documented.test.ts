import { access } from 'node:fs/promises'
import { beforeAll, expect, test } from 'vitest'
import type { Client } from './support/client.ts'
import { heardEverywhere } from './support/form.ts'
import { at, textAt } from './support/json.ts'
import { basic, bearer, withToken } from './support/login.ts'
import { asIs, malformed, notJson, ofNothing, tooLong } from './support/mistakes.ts'
import { allOperations, type Operation, strayings } from './support/openapi.ts'
import { pushImage } from './support/push.ts'
import { useServer } from './support/server.ts'
import { TRIED_ELSEWHERE } from './support/tried-elsewhere.ts'
import type { Ask } from './support/wire.ts'
import { IMAGES, makeWorld, WORLD_SETTINGS, type World } from './support/world.ts'
import { WRITES } from './support/writes.ts'

/**
 * openapi.yaml says how each operation answers the same mistakes: each is made at every operation, and the answer must be
 * the one that is documented. What only a state of its own brings about is listed (tried-elsewhere.ts): together they are
 * all answers of openapi.yaml.
 */
const lamina = useServer(WORLD_SETTINGS)
let world: World
let outsiders: readonly Client[] = []
beforeAll(async () => {
  const { admin, client } = lamina.now
  world = await makeWorld(lamina.now)
  // A name without a project in front, as imagelayers.io's callers have them.
  await pushImage(admin, 'app', IMAGES['alpha/app'], 'v1')
  const made = await admin.sendJson('POST', '/api/v1/projects/alpha/accounts', {
    name: 'machine',
    role: 'viewer',
  })
  const account = client.as(basic(textAt(made.json, 'user'), textAt(made.json, 'secret')))
  const token = await withToken(world.viewer, 'repository:alpha/app:pull')
  outsiders = [world.stranger, world.viewer, account, token]
})

type Attempt = readonly [who: Client, ask: Ask]

const ELSEWHERE = new Set(Object.values(TRIED_ELSEWHERE).flat())
/** Answers that came in this file. */
const came = new Set<string>()

/** The operations that never answered with a status although they are said to, but for those that are tested elsewhere. */
async function silent(status: number, attempts: (one: Operation) => readonly Attempt[]): Promise<string[]> {
  const never: string[] = []
  for (const one of allOperations()) {
    if (!one.statuses.includes(String(status)) || ELSEWHERE.has(`${one.id} ${status}`)) continue
    const seen: number[] = []
    for (const [who, ask] of attempts(one)) {
      seen.push((await who.ask(ask)).status)
      if (seen.at(-1) === status) break
    }
    if (seen.at(-1) === status) came.add(`${one.id} ${status}`)
    else never.push(`${one.id}: ${seen.join()}`)
  }
  return never
}

const byAdmin = (asks: readonly Ask[]): Attempt[] => asks.map((ask) => [lamina.now.admin, ask])

test('401: a token that nobody gave', async () => {
  const nobody = lamina.now.client.as(bearer('nonsense'))
  expect(await silent(401, (one) => [[nobody, asIs(one)]])).toEqual([])
})

test('403: who may see and not do', async () => {
  const attempts = (one: Operation): Attempt[] => outsiders.map((who) => [who, asIs(one)])
  expect(await silent(403, attempts)).toEqual([])
})

test('404: what is not there', async () => {
  expect(await silent(404, (one) => byAdmin(ofNothing(one)))).toEqual([])
})

test('400: names, pages and bodies that are none', async () => {
  expect(await silent(400, (one) => byAdmin(malformed(one)))).toEqual([])
})

test('413: more than 64 KiB', async () => {
  expect(await silent(413, (one) => byAdmin([tooLong(one)]))).toEqual([])
})

test('415: a body that is no JSON', async () => {
  expect(await silent(415, (one) => byAdmin([notJson(one)]))).toEqual([])
})

test('200: what is there', async () => {
  const attempts = (one: Operation): Attempt[] => byAdmin([asIs(one)])
  const written = new Set(WRITES.map(({ id }) => id))
  const read = (one: Operation): readonly Attempt[] => (written.has(one.id) ? [] : attempts(one))
  expect((await silent(200, read)).filter((one) => !written.has(one.split(':', 1)[0] ?? ''))).toEqual([])
})

test('304: an answer that the client has', async () => {
  for (const one of allOperations()) {
    if (!one.statuses.includes('304') || ELSEWHERE.has(`${one.id} 304`)) continue
    const first = await lamina.now.admin.ask(asIs(one))
    const headers = { 'if-none-match': first.header('etag') ?? '' }
    expect([one.id, (await lamina.now.admin.ask({ ...asIs(one), headers })).status]).toEqual([one.id, 304])
    came.add(`${one.id} 304`)
  }
})

test('what changes something answers as it is said to', async () => {
  const operations = new Map(allOperations().map((one) => [one.id, one]))
  const wrong: unknown[] = []
  let last = ''
  for (const { id, status, path: template, body } of WRITES) {
    const path = template.replace('{id}', last)
    const method = operations.get(id)?.method ?? 'GET'
    const { admin } = lamina.now
    const reply = await (body === undefined
      ? admin.ask({ method, path })
      : admin.sendJson(method, path, body))
    if (reply.status === status) came.add(`${id} ${status}`)
    else wrong.push([id, status, reply.status, reply.text.slice(0, 200)])
    if (reply.text === '') continue
    wrong.push(...strayings(id, reply).map((one) => [id, one]))
    const ids = [at(reply.json, 'id'), at(reply.json, 'sessions', 0, 'id')]
    last = ids.find((one) => typeof one === 'string') ?? last
  }
  expect(wrong).toEqual([])
})

test('503: the registry is read-only', async () => {
  await lamina.now.admin.sendJson('PUT', '/api/v1/read-only', { readOnly: true })
  await heardEverywhere()
  expect(await silent(503, (one) => byAdmin([asIs(one)]))).toEqual([])
})

test('every other answer is tried where it is said to be', async () => {
  const documented = allOperations().flatMap(({ id, statuses }) =>
    statuses.map((status) => `${id} ${status}`),
  )
  expect(documented.filter((answer) => !came.has(answer) && !ELSEWHERE.has(answer))).toEqual([])
  // Neither twice, nor of what is not documented any more.
  expect([...ELSEWHERE].filter((answer) => came.has(answer) || !documented.includes(answer))).toEqual([])
  for (const file of Object.keys(TRIED_ELSEWHERE)) await access(new URL(`../../${file}`, import.meta.url))
})
