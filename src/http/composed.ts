import type { Logger } from 'pino'
import type { Config } from '../config/schema.ts'
import type { RequestListener } from './listener.ts'
import type { Readiness } from './readiness.ts'

/** What src/compose.ts makes of a configuration: everything but the sockets. */
export interface Composed {
  readonly handler: RequestListener
  /** The data directory was empty and no admin password given: the one that was made, to be shown once. */
  readonly firstRun?: { readonly password: string } | undefined
  /** Ends background work and closes the stores. Called when no request is under way any more. */
  close(): Promise<void>
}

/** The one function of src/compose.ts. Throws StartError when the start is impossible for a reason to be explained. */
export type Compose = (config: Config, log: Logger, readiness: Readiness) => Promise<Composed>
