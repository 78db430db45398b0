import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import busboy from 'busboy'
import { RegistryError } from '../../oci/registry-error.ts'
import type { Exchange } from '../exchange.ts'
import { bytesOf, mediaTypeOf } from '../request-body.ts'

/** Text fields that a form may have beside its file, and bytes of each: nobody reads them. */
const LIMITS = { files: 1, fields: 20, parts: 21, fieldSize: 1024, fieldNameSize: 100 } as const

/** The archive in a request: its body, or the one file of a form. Stops reading without breaking the connection. */
export function archiveOf({ request }: Exchange): AsyncIterable<Uint8Array> {
  if (mediaTypeOf(request) === 'multipart/form-data') return fileOfForm(request)
  return bytesOf(request)
}

async function* fileOfForm(request: Exchange['request']): AsyncGenerator<Uint8Array> {
  const form = openForm(request)
  const file = Promise.withResolvers<Readable>()
  form.once('file', (_name, stream) => file.resolve(stream))
  form.once('close', () =>
    file.reject(badForm('it has no file; send the archive with curl -F file=@archive.tar')),
  )
  const fed = pipeline(bytesOf(request), form).catch((cause: unknown) =>
    file.reject(badForm('it is damaged', cause)),
  )
  try {
    for await (const chunk of await file.promise) {
      if (!Buffer.isBuffer(chunk)) throw new TypeError('a form must give bytes')
      yield chunk
    }
  } catch (cause) {
    throw cause instanceof RegistryError ? cause : badForm('it ends in the middle of its file', cause)
  } finally {
    form.destroy()
    await fed
  }
}

function openForm({ headers }: Exchange['request']) {
  try {
    return busboy({ headers, limits: LIMITS, fileHwm: 256 * 1024, highWaterMark: 256 * 1024 })
  } catch (cause) {
    throw badForm('its Content-Type has no boundary', cause)
  }
}

function badForm(what: string, cause?: unknown): RegistryError {
  return new RegistryError('REQUEST_INVALID', { message: `the form cannot be read: ${what}`, cause })
}
