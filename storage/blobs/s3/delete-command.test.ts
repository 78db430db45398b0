import { createHash } from 'node:crypto'
import { createServer, type IncomingHttpHeaders } from 'node:http'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { AwsBucket } from './aws-bucket.ts'
import { Calls } from './calls.ts'
import { connect } from './s3-client.ts'

beforeAll(() => {
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'key')
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'secret')
})
afterAll(() => {
  vi.unstubAllEnvs()
})

interface Sent {
  readonly call: string
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
}

/** What leaves towards S3 when such keys are removed, and what the driver makes of its answer. */
async function removal(prefix: string, keys: readonly string[], answer: string) {
  const sent: Sent[] = []
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const { method, url, headers } = request
      sent.push({ call: `${method} ${url}`, headers, body: Buffer.concat(chunks) })
      response.setHeader('content-type', 'application/xml').end(`<DeleteResult>${answer}</DeleteResult>`)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new TypeError('no port')
  const settings = {
    bucket: 'images',
    prefix,
    endpoint: `http://127.0.0.1:${address.port}`,
    region: 'eu-west-9',
    pathStyle: true,
    ca: undefined,
    encryption: undefined,
    memory: 2 ** 20,
    patience: 1000,
  }
  const bucket = new AwsBucket(await connect(settings), new Calls(1000), settings)
  try {
    const failed = await bucket.remove(keys)
    return { sent, failed }
  } finally {
    bucket.close()
    server.close()
  }
}

it('names every key in one signed call, with the length and the MD5 of what is sent', async () => {
  const { sent, failed } = await removal('team a/', ['sha256/ab/one', 'data/two'], '')
  expect(failed).toEqual([])
  expect(sent.map(({ call }) => call)).toEqual(['POST /images/?delete='])
  const { headers = {}, body = Buffer.alloc(0) }: Partial<Sent> = sent[0] ?? {}
  expect(body.toString()).toContain('<Quiet>true</Quiet>')
  expect([...body.toString().matchAll(/<Object><Key>(.*?)<\/Key><\/Object>/g)].map(([, key]) => key)).toEqual(
    ['team a/sha256/ab/one', 'team a/data/two'],
  )
  expect(headers['content-length']).toBe(String(body.length))
  expect(headers['content-md5']).toBe(createHash('md5').update(body).digest('base64'))
  expect(headers['x-amz-content-sha256']).toBe(createHash('sha256').update(body).digest('hex'))
  expect(Object.keys(headers).filter((name) => name.includes('checksum'))).toEqual([])
})

it('writes what is markup in XML so that S3 reads it as it was', async () => {
  const { sent } = await removal('a&b<c>\r/', ['é'], '')
  expect(sent[0]?.body.toString()).toContain('<Key>a&#38;b&#60;c&#62;&#13;/é</Key>')
})

it('gives those that S3 could not remove, without the prefix, and none that were gone before', async () => {
  const error = (key: string, code: string) => `<Error><Key>${key}</Key><Code>${code}</Code></Error>`
  const answer = error('p/one', 'AccessDenied') + error('p/two', 'NoSuchKey')
  const { failed } = await removal('p/', ['one', 'two', 'three'], answer)
  expect(failed.map(({ key, error: why }) => [key, String(why)])).toEqual([
    ['one', expect.stringContaining('AccessDenied')],
  ])
})
