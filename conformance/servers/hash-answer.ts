import { createHash } from 'node:crypto'
import type { IncomingMessage } from 'node:http'

/** Reads the body of an answer to its end, however large it is; what it holds, in hex, and its bytes. */
export async function hashAnswer(answer: IncomingMessage): Promise<{ sha256: string; size: number }> {
  const hash = createHash('sha256')
  let size = 0
  for await (const chunk of answer) {
    if (!(chunk instanceof Buffer)) continue
    hash.update(chunk)
    size += chunk.length
  }
  return { sha256: hash.digest('hex'), size }
}
