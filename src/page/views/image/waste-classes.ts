import type { Waste } from '../../api/schema.generated.ts'

export type WasteClass = Waste['top'][number]['class']

/** What became of wasted bytes, in words. */
export const WASTE: Readonly<Record<WasteClass, string>> = {
  overwritten: 'overwritten later',
  deleted: 'deleted later',
  metadataOnly: 'shipped again for an owner, mode or date',
  duplicate: 'the same content elsewhere',
  cache: 'left by package managers',
}

/** The parts of what is shipped that are wasted for certain; caches are seen all the same. */
export const SHARES = ['duplicate', 'overwritten', 'deleted', 'metadataOnly'] as const
