import type { RequestListener } from './listener.ts'

/** What src/compose.ts makes of a configuration: everything but the sockets. */
export interface Composed {
  readonly handler: RequestListener
  /** Metrics and health alone, open to whoever reaches it. */
  readonly sideHandler: RequestListener
  /** To be told until when each certificate is good that clients are shown, in milliseconds. */
  readonly onCertificate: (end: number) => void
  readonly firstUser: {
    /** Nobody could log in before: the administrator was made. */
    readonly isFirst: boolean
    /** The password that was made for it, where none was given: to be shown once. */
    readonly password?: string | undefined
  }
  /** Ends background work and closes the stores. Called when no request is under way any more. */
  close(): Promise<void>
}
