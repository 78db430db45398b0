import type { IncomingMessage, ServerResponse } from 'node:http'

/** Requests whose client waits for `100 Continue` before it sends its body. */
const waiting = new WeakMap<IncomingMessage, ServerResponse>()

/** Notes that the client of `request` sends its body only when told to. */
export function holdContinue(request: IncomingMessage, response: ServerResponse): void {
  waiting.set(request, response)
}

/** Whether the client of `request` still waits for `100 Continue`. */
export function awaitsContinue(request: IncomingMessage): boolean {
  return waiting.has(request)
}

/**
 * To be called before a body is read: tells a client that asked with `Expect: 100-continue` to send it. So whoever is
 * refused by right, name or length never sends a byte of it. Does nothing for other clients, or the second time.
 */
export function acceptBody(request: IncomingMessage): void {
  const response = waiting.get(request)
  if (response === undefined) return
  waiting.delete(request)
  if (!response.headersSent) response.writeContinue()
}
