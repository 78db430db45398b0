import { expect } from 'vitest'
import type { Client } from './client.ts'
import { check } from './exchange.ts'
import { at, listAt, textAt, textsAt } from './json.ts'
import { claimsOf } from './login.ts'
import type { Reply } from './wire.ts'

/** Fields of a form, in order; a name may come twice. */
export type Fields = readonly (readonly [string, string])[]

const FORM = 'application/x-www-form-urlencoded'

/** The body of a form. */
export function form(fields: Fields): string {
  return new URLSearchParams(fields.map(([name, value]): [string, string] => [name, value])).toString()
}

/** POST of a form to the token endpoint. */
export async function postToken(client: Client, fields: Fields, path = '/token'): Promise<Reply> {
  return client.post(path, form(fields), { 'content-type': FORM })
}

/** The fields of a password grant, as containerd sends them, and `more`. */
export function passwordGrant(username: string, password: string, more: Fields = []): Fields {
  const fields = { grant_type: 'password', service: 'registry', client_id: 'test', username, password }
  return [...Object.entries(fields), ...more]
}

/** What a token grants, sorted: `type:name:actions`. An entry without actions grants nothing and is left out. */
export function granted(token: string): string[] {
  return listAt(claimsOf(token), 'access')
    .map(
      (entry) =>
        `${textAt(entry, 'type')}:${textAt(entry, 'name')}:${textsAt(entry, 'actions').toSorted().join(',')}`,
    )
    .filter((entry) => !entry.endsWith(':'))
    .toSorted()
}

/** "200 JSON with `token` and identical `access_token`, `expires_in` integer ≥60, `issued_at` RFC 3339 UTC or absent" */
export function expectToken(reply: Reply): string {
  check(reply, { status: 200, headers: { 'content-type': /^application\/json/ } })
  const token = textAt(reply.json, 'token')
  expect(textAt(reply.json, 'access_token')).toBe(token)
  const life = Number(at(reply.json, 'expires_in'))
  expect(Number.isInteger(life) && life >= 60, `expires_in ${life}`).toBe(true)
  if (at(reply.json, 'issued_at') !== undefined) {
    const issued = textAt(reply.json, 'issued_at')
    expect(issued).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/)
    expect(Math.abs(Date.parse(issued) - Date.now())).toBeLessThan(10_000)
  }
  // "Keep the body small (GG reads 64 KiB …)"
  expect(reply.body.length).toBeLessThan(64 * 1024)
  return token
}
