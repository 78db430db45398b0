import { ERROR_CODES, type ErrorCode } from './error-code.ts'

/** What the rendering of a failure needs beyond its code. */
export interface ErrorParts {
  /** Public: what was wrong with what, and what to do next. */
  readonly message?: string
  /** Public, machine-readable. */
  readonly detail?: Readonly<Record<string, unknown>>
  /** For the log only. */
  readonly cause?: unknown
  /** Overrides the table's status where the protocol asks for another one with the same code. */
  readonly status?: number
  /** Response headers that belong to the failure, such as Range on a 416. */
  readonly headers?: Readonly<Record<string, string>>
  /** More errors of the same answer, e.g. one MANIFEST_BLOB_UNKNOWN for each digest. */
  readonly also?: readonly RegistryError[]
}

/** The one error that a caller of the registry can meet; everything else is a bug and becomes a 500. */
export class RegistryError extends Error {
  readonly code: ErrorCode
  readonly status: number
  readonly detail: Readonly<Record<string, unknown>> | undefined
  readonly headers: Readonly<Record<string, string>>
  readonly also: readonly RegistryError[]

  constructor(code: ErrorCode, parts: ErrorParts = {}) {
    super(parts.message ?? ERROR_CODES[code].message, { cause: parts.cause })
    this.name = 'RegistryError'
    this.code = code
    this.status = parts.status ?? ERROR_CODES[code].status
    this.detail = parts.detail
    this.headers = parts.headers ?? {}
    this.also = parts.also ?? []
  }
}
