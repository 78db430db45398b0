import { createHash } from 'node:crypto'
import { DeleteObjectsCommand } from '@aws-sdk/client-s3'

/**
 * The call that removes these objects. Its body is written here: the SDK takes 5 ms of the event loop for a thousand
 * keys. It also would send CRC32, which Swift and older engines refuse; all take the checksum that S3 began with.
 */
export function deleteCommand(bucket: string, keys: readonly string[]): DeleteObjectsCommand {
  const command = new DeleteObjectsCommand({ Bucket: bucket, Delete: { Objects: [] } })
  const body = bodyOf(keys)
  command.middlewareStack.add(
    (next) => (args) => {
      const { request } = args
      if (typeof request !== 'object' || request === null || !('headers' in request) || !('body' in request))
        throw new TypeError('the SDK made no HTTP request of a command')
      request.body = body
      request.headers = headersOf(request.headers, body)
      return next(args)
    },
    // After the SDK's own, which have seen no key.
    { step: 'build', priority: 'low', name: 'laminaDeleteBody' },
  )
  return command
}

/** `Delete` of the S3 API. Quiet: the answer names only what failed. */
function bodyOf(keys: readonly string[]): string {
  const objects = keys.map((key) => `<Object><Key>${escaped(key)}</Key></Object>`).join('')
  return `<?xml version="1.0" encoding="UTF-8"?><Delete xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Quiet>true</Quiet>${objects}</Delete>`
}

/** Prefixes are the administrator's, and may hold what is markup in XML. */
function escaped(key: string): string {
  return key.replaceAll(/[&<>\p{Cc}]/gu, (character) => `&#${character.codePointAt(0)};`)
}

function headersOf(headers: unknown, body: string): Record<string, unknown> {
  const kept = Object.entries(headers ?? {}).filter(([name]) => !/^x-amz-(?:sdk-)?checksum-/.test(name))
  const md5 = createHash('md5').update(body).digest('base64')
  return {
    ...Object.fromEntries(kept),
    'content-length': String(Buffer.byteLength(body)),
    'content-md5': md5,
  }
}
