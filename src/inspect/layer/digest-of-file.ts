import { createHash } from 'node:crypto'
import { closeSync, openSync, readSync } from 'node:fs'
import { type Digest, digestFromBytes } from '../../oci/digest.ts'

const READ_BYTES = 256 * 1024

/** The sha256 of a file. For worker threads: it waits for the disk. */
export function digestOfFile(path: string): Digest {
  const file = openSync(path, 'r')
  try {
    const hash = createHash('sha256')
    const buffer = Buffer.allocUnsafeSlow(READ_BYTES)
    for (let read = readSync(file, buffer); read > 0; read = readSync(file, buffer))
      hash.update(buffer.subarray(0, read))
    return digestFromBytes('sha256', hash.digest())
  } finally {
    closeSync(file)
  }
}
