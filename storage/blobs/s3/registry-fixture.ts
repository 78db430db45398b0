import type { Bucket } from './bucket.ts'
import type { Registry } from './owner.ts'
import { Tenure } from './tenure.ts'

/** A registry whose records know of these starts; `[...known]` are those of a copy. */
export function registryOf(cluster: string, starts: string[] = []): Registry & { readonly known: string[] } {
  return {
    cluster,
    known: starts,
    starts: {
      knows: async (start) => starts.includes(start),
      add: async (start) => void starts.push(start),
    },
  }
}

/** A hold on the prefix that looks only when it is asked. */
export function tenureOf(bucket: Bucket, registry: Registry = registryOf('one')): Tenure {
  return new Tenure({ bucket, registry, settle: 60_000, notice: () => undefined })
}
