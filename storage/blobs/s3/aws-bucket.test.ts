import { createServer, type IncomingHttpHeaders } from 'node:http'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { StoreUnavailable } from '../../store-errors.ts'
import { AwsBucket } from './aws-bucket.ts'
import { Calls } from './calls.ts'
import { openReader } from './object-reader.ts'
import { connect } from './s3-client.ts'
import type { S3Settings } from './settings.ts'

beforeAll(() => {
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'key')
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'secret')
})
afterAll(() => {
  vi.unstubAllEnvs()
})

const SETTINGS: S3Settings = {
  bucket: 'images',
  prefix: 'team a/',
  endpoint: 'https://s3.example:9000',
  region: 'eu-west-9',
  pathStyle: false,
  ca: undefined,
  encryption: undefined,
  memory: 2 ** 20,
  patience: 1000,
}

/** Answers of an S3 to what this driver sends, whatever it is. */
const ANSWER =
  '<Answer><UploadId>u</UploadId><ETag>"e"</ETag><CopyPartResult/><LastModified>2026-01-01T00:00:00Z</LastModified></Answer>'

interface Seen {
  readonly call: string
  readonly headers: IncomingHttpHeaders
}

/** What leaves towards S3 while everything that writes is called once. */
async function writes(more: Partial<S3Settings>): Promise<Seen[]> {
  const seen: Seen[] = []
  const server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '', 'http://s3')
    const part = searchParams.has('partNumber') ? ' part' : ''
    seen.push({ call: `${request.method} ${pathname}${part}`, headers: request.headers })
    request.resume().on('end', () => response.setHeader('etag', '"e"').end(ANSWER))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new TypeError('no port')
  const settings = { ...SETTINGS, endpoint: `http://127.0.0.1:${address.port}`, pathStyle: true, ...more }
  const bucket = new AwsBucket(await connect(settings), new Calls(1000), settings)
  const body = { length: 3, open: () => [Buffer.from('abc')] }
  try {
    await bucket.put('whole', body)
    await bucket.part(await bucket.begin('many'), 1, body)
    await bucket.copy('whole', 'copy')
    await bucket.get('whole')
  } finally {
    bucket.close()
    server.close()
  }
  return seen
}

const KIND = 'x-amz-server-side-encryption'
const KEY = 'x-amz-server-side-encryption-aws-kms-key-id'

describe('encryption by the engine', () => {
  it.each([
    [undefined, undefined, undefined],
    [{ kind: 'AES256' } as const, 'AES256', undefined],
    [{ kind: 'aws:kms', key: undefined } as const, 'aws:kms', undefined],
    [{ kind: 'aws:kms', key: 'arn:k' } as const, 'aws:kms', 'arn:k'],
  ])('%j is asked for with each object that is made, and with no part', async (encryption, kind, key) => {
    const asked = (await writes({ encryption })).map(({ call, headers }) => [
      call,
      headers[KIND],
      headers[KEY],
    ])
    const object = (name: string): string => `/images/team%20a/${name}`
    expect(asked).toEqual([
      [`PUT ${object('whole')}`, kind, key],
      [`POST ${object('many')}`, kind, key],
      [`PUT ${object('many')} part`, undefined, undefined],
      [`PUT ${object('copy')}`, kind, key],
      [`GET ${object('whole')}`, undefined, undefined],
    ])
  })
})

describe('the trace of what is under way', () => {
  it('goes along with calls, under their signature, and with reads', async () => {
    const trace = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01'
    const sent = await writes({ traceparent: () => trace })
    expect(sent.map(({ headers }) => headers['traceparent'])).toEqual(sent.map(() => trace))
    expect(sent[0]?.headers.authorization).toContain('traceparent')
    expect((await writes({})).map(({ headers }) => headers['traceparent'])).not.toContain(trace)
  })
})

describe('where the bucket is', () => {
  it.each([
    [false, 'https://images.s3.example:9000/team%20a/k%2B1?'],
    [true, 'https://s3.example:9000/images/team%20a/k%2B1?'],
  ])('is in the name of the host, or with path style (%s) in the path', async (pathStyle, start) => {
    const settings = { ...SETTINGS, pathStyle }
    const bucket = new AwsBucket(await connect(settings), new Calls(1000), settings)
    const url = await bucket.presign('k+1', 60)
    bucket.close()
    expect(url.slice(0, start.length)).toBe(start)
    expect(url).toContain('eu-west-9')
  })
})

describe('an engine that gives the whole object where a range is asked for', () => {
  it('is in trouble, and its objects are not damaged', async () => {
    const server = createServer((_, response) => response.setHeader('etag', '"e"').end('0123456789'))
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const address = server.address()
    if (address === null || typeof address === 'string') throw new TypeError('no port')
    const settings = { ...SETTINGS, endpoint: `http://127.0.0.1:${address.port}`, pathStyle: true }
    const bucket = new AwsBucket(await connect(settings), new Calls(1000), settings)
    const textOf = async (range: { start: number; end: number }): Promise<string> => {
      let text = ''
      const reader = await openReader(bucket, 'k', range)
      await reader?.pump((bytes) => {
        text += Buffer.from(bytes).toString()
      })
      return text
    }
    try {
      await expect(textOf({ start: 2, end: 9 })).rejects.toThrow(StoreUnavailable)
      await expect(textOf({ start: 0, end: 4 })).rejects.toThrow('the whole object came')
      expect(await textOf({ start: 0, end: 9 })).toBe('0123456789')
    } finally {
      bucket.close()
      server.close()
    }
  })
})
