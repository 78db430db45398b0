/** The server cannot start; the message says why, and what to do, in sentences for who started it. */
export class StartError extends Error {
  override readonly name = 'StartError'
}

/** The `code` of a failed system call, such as ENOENT; undefined for other errors. */
export function systemCode(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined
}
