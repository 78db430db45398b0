/** The `code` of a failed system call or library, such as ENOENT; undefined for other errors. */
export function systemCode(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined
}

/** That code, else what the error says. */
export function whyOf(error: unknown): string {
  return systemCode(error) ?? (error instanceof Error ? error.message : String(error))
}
