import { expect } from 'vitest'
import type { Client } from './client.ts'
import { textAt } from './json.ts'
import type { Reply } from './wire.ts'

/** An Authorization header for a user name and a secret. */
export function basic(user: string, secret: string): string {
  return `Basic ${Buffer.from(`${user}:${secret}`).toString('base64')}`
}

export function bearer(token: string): string {
  return `Bearer ${token}`
}

/** The path of a GET on the token endpoint. */
export function tokenPath(scopes: readonly string[], more: Readonly<Record<string, string>> = {}): string {
  const query = new URLSearchParams(more)
  for (const scope of scopes) query.append('scope', scope)
  return `/token?${query.toString()}`
}

/** A registry token for `scopes`, with the client's credentials, or anonymous when it has none. */
export async function fetchToken(client: Client, ...scopes: string[]): Promise<string> {
  const reply = await client.get(tokenPath(scopes))
  expect(reply.status, reply.text).toBe(200)
  return textAt(reply.json, 'token')
}

/** The client with a registry token for `scopes` instead of its credentials. */
export async function withToken(client: Client, ...scopes: string[]): Promise<Client> {
  return client.as(bearer(await fetchToken(client, ...scopes)))
}

/** Adds a user; returns a client that asks as that user, by Basic. */
export async function addUser(admin: Client, name: string, password = `secret of ${name}`): Promise<Client> {
  const reply = await admin.sendJson('POST', '/api/v1/users', { name, password })
  expect(reply.status, reply.text).toBe(201)
  return admin.as(basic(name, password))
}

export async function addProject(admin: Client, name: string, isPublic = false): Promise<void> {
  const reply = await admin.sendJson('POST', '/api/v1/projects', { name, public: isPublic })
  expect(reply.status, reply.text).toBe(201)
}

export async function addMember(admin: Client, project: string, user: string, role: string): Promise<void> {
  const reply = await admin.sendJson('PUT', `/api/v1/projects/${project}/members/${user}`, { role })
  expect([200, 201, 204], reply.text).toContain(reply.status)
}

export interface Challenge {
  readonly scheme: string
  readonly parameters: Readonly<Record<string, string>>
}

/** The one challenge of a 401; throws unless it is `Scheme name="value",…`, every value quoted, as P§3.1 asks. */
export function challengeOf(reply: Reply): Challenge {
  const line = reply.header('www-authenticate') ?? ''
  const [, scheme, rest] = /^([A-Za-z]+) ((?:[a-z_]+="[^"]*"(?:, ?)?)+)$/.exec(line) ?? []
  if (scheme === undefined || rest === undefined)
    throw new Error(`not a challenge that clients parse: ${line}`)
  const pairs = [...rest.matchAll(/([a-z_]+)="([^"]*)"/g)].map(
    ([, name = '', value = '']): [string, string] => [name, value],
  )
  const parameters: Record<string, string> = Object.fromEntries(pairs)
  return { scheme, parameters }
}

/** The claims inside a token, unverified. */
export function claimsOf(token: string): unknown {
  return part(token, 1)
}

/** The header of a token, unverified. */
export function headerOf(token: string): unknown {
  return part(token, 0)
}

function part(token: string, index: number): unknown {
  const value: unknown = JSON.parse(Buffer.from(token.split('.')[index] ?? '', 'base64url').toString('utf8'))
  return value
}
