import { RegistryError } from '../oci/registry-error.ts'
import type { Route } from './route.ts'

/** The switch itself, and the move to other stores, which changes nothing here. */
const ALWAYS: ReadonlySet<string> = new Set(['setReadOnly', 'startMigration', 'cancelMigration'])

/** Whether writes are refused, which an administrator can change while the server runs. */
export class ReadOnlySwitch {
  #on: boolean
  #reason: string | undefined

  constructor(on: boolean) {
    this.#on = on
    this.#reason = undefined
  }

  get state(): { readonly readOnly: boolean; readonly reason?: string } {
    return { readOnly: this.#on, ...(this.#reason !== undefined && { reason: this.#reason }) }
  }

  set(on: boolean, reason: string | undefined): void {
    this.#on = on
    this.#reason = on ? reason : undefined
  }

  /** Throws UNAVAILABLE for a route that writes while the switch is on. Getting a token and what `ALWAYS` names go on. */
  refuse(route: Route): void {
    if (!this.#on || route.method === 'GET' || route.right === 'anyone' || ALWAYS.has(route.operationId))
      return
    throw new RegistryError('UNAVAILABLE', {
      message: `the registry is read-only for now${this.#reason === undefined ? '' : `: ${this.#reason}`}; pulls go on, try to push later`,
      headers: { 'retry-after': '60' },
    })
  }
}
