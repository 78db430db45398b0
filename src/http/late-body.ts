import type { IncomingMessage } from 'node:http'

const allowances = new WeakMap<IncomingMessage, () => Promise<unknown>>()

/**
 * For a request whose body is not whole yet: it may take hours, a byte now and then, and who lost a right meanwhile must
 * not use it. `allow` rejects with what refuses the request at the moment that it is called.
 */
export function allowAgain(request: IncomingMessage, allow: () => Promise<unknown>): void {
  allowances.set(request, allow)
}

/** To be awaited between the last byte of a body and what is done with it. Rejects when the request would be refused now. */
export async function stillAllowed(request: IncomingMessage): Promise<void> {
  await allowances.get(request)?.()
}
