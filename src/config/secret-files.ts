import { open } from 'node:fs/promises'
import { resolve } from 'node:path'
import { systemCode } from '../system-code.ts'

/** More than any secret has, and an end to what has none, such as /dev/zero. */
const MOST_BYTES = 64 * 1024

/** A file that is to hold a secret, and does not; the message continues a sentence that begins with the file. */
export class NoSecret extends Error {
  override readonly name = 'NoSecret'
}

/**
 * The secret that a file holds as its one line, without the end of that line, which most programs write. `path` may be
 * relative to `directory`. Throws NoSecret.
 */
export async function readSecretFile(path: string, directory: string): Promise<string> {
  const bytes = await firstBytes(resolve(directory, path))
  if (bytes.length > MOST_BYTES) throw new NoSecret(`is larger than a secret may be (64 KiB)`)
  const secret = textOf(bytes).replace(/\r?\n$/, '')
  if (secret === '') throw new NoSecret('is empty')
  if (/[\r\n]/.test(secret)) throw new NoSecret('holds more than one line')
  return secret
}

/** One byte more than there may be, when there are so many. */
async function firstBytes(path: string): Promise<Buffer> {
  try {
    const file = await open(path)
    try {
      const bytes = Buffer.alloc(MOST_BYTES + 1)
      for (let length = 0; ; ) {
        const { bytesRead } = await file.read(bytes, length, bytes.length - length)
        length += bytesRead
        if (bytesRead === 0 || length === bytes.length) return bytes.subarray(0, length)
      }
    } finally {
      await file.close()
    }
  } catch (cause) {
    throw new NoSecret(whyNot(systemCode(cause)), { cause })
  }
}

function whyNot(code: string | undefined): string {
  switch (code) {
    case 'ENOENT':
    case 'ENOTDIR':
      return 'is not there'
    case 'EACCES':
    case 'EPERM':
      return 'may not be read by this user'
    case 'EISDIR':
      return 'is a directory; name the file in it'
    case undefined:
    default:
      return `cannot be read (${code ?? 'no file'})`
  }
}

/** Other bytes would become signs that stand for any of them: a secret that is easier to guess, and hard to type again. */
function textOf(bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch (cause) {
    throw new NoSecret('is no text in UTF-8', { cause })
  }
}
