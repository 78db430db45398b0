/** The server cannot start; the message says why, and what to do, in sentences for who started it. */
export class StartError extends Error {
  override readonly name = 'StartError'
}
