import type { IncomingMessage } from 'node:http'
import { JoinedBytes } from './joined-bytes.ts'

/** Bytes from which a piece of a body goes on as it is. */
const SMALL = 512
/** More than comes in one read of a connection. */
const MOST = 1024 * 1024

/**
 * Lets small pieces of a chunked body that come in one read of the connection go on together. Else a client that sends
 * chunks of one byte has 65,536 pieces, some two hundred bytes each, wait in the stream for whoever is to read them.
 * To be called before the first byte of the body comes.
 */
export function joinSmallPieces(request: IncomingMessage): void {
  if (request.headers['transfer-encoding'] === undefined) return
  const push = request.push.bind(request)
  let waiting: JoinedBytes | undefined
  const flush = (): void => {
    const joined = waiting
    waiting = undefined
    if (joined !== undefined) push(joined.bytes())
  }
  request.push = (piece: unknown) => {
    if (!Buffer.isBuffer(piece) || piece.length >= SMALL) {
      flush()
      return push(piece)
    }
    // When all that has come is parsed. Node runs microtasks behind each piece.
    if (waiting === undefined) setImmediate(flush)
    waiting ??= new JoinedBytes(MOST)
    waiting.add(piece)
    return request.readableLength + waiting.length < request.readableHighWaterMark
  }
}
