import type { IndexState } from '../../api/schema.generated.ts'

/** Milliseconds until a layer that is being indexed is asked for again. */
export const PATIENCE = 2000

const TEXTS: Readonly<Record<IndexState, string>> = {
  none: 'waits to be indexed',
  queued: 'waits to be indexed',
  running: 'is being indexed',
  done: 'is indexed',
  unsupported: 'is no archive of files that can be read',
  'too-large': 'is beyond the limits of the index',
  damaged: 'is damaged',
}

/** How far the look into a layer is, as the end of a sentence. */
export function stateText(state: IndexState): string {
  return TEXTS[state]
}

/** Whether its files will come. */
export function isPending(state: IndexState): boolean {
  return state === 'none' || state === 'queued' || state === 'running'
}
