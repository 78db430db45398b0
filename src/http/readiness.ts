/** Whether the server wants requests: what /readyz answers from, and what a stop changes first. */
export interface Readiness {
  /** `starting` until it listens, `stopping` from the first signal on. */
  state: 'starting' | 'ready' | 'stopping'
}

/** One for each server. */
export function createReadiness(): Readiness {
  return { state: 'starting' }
}
