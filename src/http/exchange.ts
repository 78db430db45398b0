import type { IncomingMessage } from 'node:http'
import type { Caller } from '../auth/identity.ts'

/** One request as handlers see it. Handlers answer with a Reply or throw; they never write. */
export interface Exchange {
  readonly request: IncomingMessage
  readonly method: string
  /** Percent-decoded parts of the path, by the names in the route's template. Not yet validated. */
  readonly params: Readonly<Record<string, string>>
  readonly query: URLSearchParams
  readonly caller: Caller
  /** The client's, as trusted proxies tell it. */
  readonly address: string
  /** Anyone may read what this is about: proxies may keep it. */
  readonly isPublic: boolean
  readonly requestId: string
  /** Scheme and host under which the client reached us, without a slash at the end: `https://registry.example:5000`. */
  readonly origin: string
  /** Adds fields to this request's line in the access log. */
  note(fields: Readonly<Record<string, unknown>>): void
}

export interface Reply {
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
  /** Absent: an empty body. A function writes a body whose Content-Length is among the headers. */
  readonly body?: Uint8Array | string | BodyWriter
}

/** Calls `write` with each chunk in order and waits for it; a chunk's memory is free again once `write` resolves. */
export type BodyWriter = (write: (chunk: Uint8Array) => Promise<void>) => Promise<void>

export type Handler = (exchange: Exchange) => Promise<Reply>

/** A JSON answer. */
export function json(status: number, value: unknown, headers: Readonly<Record<string, string>> = {}): Reply {
  return { status, headers: { 'content-type': 'application/json', ...headers }, body: JSON.stringify(value) }
}
