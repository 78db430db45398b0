import type { IncomingMessage, ServerResponse } from 'node:http'

/** Requests whose client waits for `100 Continue` before it sends its body. */
const waiting = new WeakSet<IncomingMessage>()

/**
 * Sends `100 Continue` when the body of `request` is first read, and not before: whoever is refused by right, name or
 * length never sends a byte of it. Handlers need not know.
 */
export function continueWhenRead(request: IncomingMessage, response: ServerResponse): void {
  waiting.add(request)
  // Streams know no gentler word for "somebody wants bytes".
  // oxlint-disable no-underscore-dangle
  const read = request._read.bind(request)
  request._read = (size) => {
    // Node itself reads on after an answer, to throw the rest away: too late for an invitation.
    if (waiting.delete(request) && !response.headersSent) response.writeContinue()
    read(size)
  }
  // oxlint-enable no-underscore-dangle
}

/** Whether the client of `request` still waits for `100 Continue`. */
export function awaitsContinue(request: IncomingMessage): boolean {
  return waiting.has(request)
}
