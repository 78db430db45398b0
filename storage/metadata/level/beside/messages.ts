import { NoSpace, StoreDamaged, StoreUnavailable } from '../../../store-errors.ts'
import { MetadataConflict } from '../../metadata-store.ts'

/** What a thread beside the store tells it. */
export type ToStore =
  | { readonly kind: 'commit'; readonly id: number; readonly memory: ArrayBuffer }
  /** It reads no longer, for good. */
  | { readonly kind: 'closed' }

/** What the store tells the thread. */
export type ToThread =
  | { readonly kind: 'settled'; readonly id: number; readonly failure: Failure | undefined }
  /** The database is about to be closed: to be closed there first. */
  | { readonly kind: 'close' }

/** An error on its way to another thread, which forgets what class it is of. */
export interface Failure {
  readonly name: string
  readonly message: string
}

const CLASSES = { MetadataConflict, NoSpace, StoreDamaged, StoreUnavailable, TypeError } as const

export function failureOf(error: unknown): Failure {
  return error instanceof Error
    ? { name: error.name, message: error.message }
    : { name: 'Error', message: String(error) }
}

/** An error of the class that it was of, where that is one that the interface of the store promises. */
export function errorOf({ name, message }: Failure): Error {
  return isKnown(name) ? new CLASSES[name](message) : new Error(message)
}

function isKnown(name: string): name is keyof typeof CLASSES {
  return Object.hasOwn(CLASSES, name)
}
