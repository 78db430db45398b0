import type { Difference } from '../../api/schema.generated.ts'

/** The ways in which a file can differ, in the order of their weight for a reader. */
export const DIFFERENCES: readonly {
  readonly name: Difference
  readonly mark: string
  /** Behind a number. */
  readonly words: string
}[] = [
  { name: 'added', mark: '+', words: 'added' },
  { name: 'removed', mark: '−', words: 'removed' },
  { name: 'changed', mark: '~', words: 'changed' },
  { name: 'renamed', mark: '→', words: 'renamed' },
  { name: 'metadata', mark: '·', words: 'with other mode, owner or time' },
]

/** The way that an address names; undefined for all. */
export function differenceOf(text: string | null): Difference | undefined {
  return DIFFERENCES.find(({ name }) => name === text)?.name
}

export function markOf(name: Difference): string {
  return DIFFERENCES.find((one) => one.name === name)?.mark ?? ''
}
