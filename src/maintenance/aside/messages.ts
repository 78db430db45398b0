import type { BesideTicket } from '../../../storage/metadata/metadata-store.ts'
import type { RegistrySettings } from '../../registry/parts.ts'

/** Jobs that can run on a thread of their own. */
export type AsideJob = 'collection' | 'empty-trash'

/** What a run needs. `now`: the time by which things grow old, when it was asked for. */
export interface RunOrder {
  readonly job: AsideJob
  readonly ticket: BesideTicket
  readonly settings: Pick<RegistrySettings, 'grace' | 'trashDelay'>
  readonly now: number
}

/** What the thread is told. */
export type ToThread =
  | { readonly kind: 'run'; readonly id: number; readonly order: RunOrder }
  | { readonly kind: 'stop'; readonly id: number }

/** What it tells of the run `id`. */
export type FromThread = { readonly id: number } & RunNews

export type RunNews =
  | { readonly kind: 'progress'; readonly done: number }
  /** An item failed; it is on the job's list. */
  | { readonly kind: 'failed'; readonly what: string; readonly error: unknown }
  /** `error` undefined: well. */
  | { readonly kind: 'ended'; readonly error: unknown }
