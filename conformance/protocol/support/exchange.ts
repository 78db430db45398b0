import { expect, test } from 'vitest'
import type { Client } from './client.ts'
import { at } from './json.ts'
import type { Ask, Reply } from './wire.ts'

/** What an answer must be. What is left out may be anything that P§0 allows. */
export interface Expected {
  readonly status: number | readonly number[]
  /** Code of the first error; of several, any will do. */
  readonly code?: string | readonly string[]
  /** By lower-case name; undefined: the header must be absent. */
  readonly headers?: Readonly<Record<string, string | RegExp | undefined>>
  readonly body?: string | Uint8Array
  readonly json?: unknown
}

/** One row of a table of exchanges: a state, a request, the answer that the protocol owes. */
export interface Exchange {
  readonly name: string
  /** Brings about the state. */
  readonly given?: (client: Client) => Promise<unknown>
  /** The request; a function when it depends on an answer, such as the Location of an upload. */
  readonly send: Ask | ((client: Client) => Promise<Ask>)
  readonly expect: Expected
  /** What must hold afterwards. */
  readonly after?: (client: Client, reply: Reply) => Promise<void>
}

/** Registers one test for each row. */
export function play(table: readonly Exchange[], client: () => Client): void {
  for (const row of table)
    test(row.name, async () => {
      await row.given?.(client())
      const ask = typeof row.send === 'function' ? await row.send(client()) : row.send
      const reply = await client().ask(ask)
      check(reply, row.expect)
      await row.after?.(client(), reply)
    })
}

/** Holds an answer against what was expected. */
export function check(reply: Reply, expected: Expected): void {
  const statuses = typeof expected.status === 'number' ? [expected.status] : expected.status
  expect(statuses, reply.text.slice(0, 500)).toContain(reply.status)
  if (expected.code !== undefined) {
    const codes = typeof expected.code === 'string' ? [expected.code] : expected.code
    expect(codes, reply.text.slice(0, 500)).toContain(at(reply.json, 'errors', 0, 'code'))
  }
  for (const [name, value] of Object.entries(expected.headers ?? {})) {
    if (value instanceof RegExp) expect(reply.header(name), name).toMatch(value)
    else expect(reply.header(name), name).toBe(value)
  }
  if (expected.body !== undefined) expect(sameBytes(reply.body, expected.body), 'body differs').toBe(true)
  if (expected.json !== undefined) expect(reply.json).toEqual(expected.json)
}

function sameBytes(got: Buffer, want: string | Uint8Array): boolean {
  return got.equals(typeof want === 'string' ? Buffer.from(want) : want)
}

/** Rows for `test.each` with a part of the text short enough for a title: `$shown`. */
export function titled(texts: readonly string[]): { readonly text: string; readonly shown: string }[] {
  return texts.map((text) => ({
    text,
    shown: text.length > 40 ? `${text.slice(0, 40)}… (${text.length})` : `'${text}'`,
  }))
}
