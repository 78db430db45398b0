import { NoSpace, StoreDamaged, StoreUnavailable } from '../../store-errors.ts'

/** Level wraps the error of the engine in `cause`, and LevelDB tells errno only as text. */
function withCauses(error: unknown): Error[] {
  const found: Error[] = []
  for (let next = error; next instanceof Error && !found.includes(next); next = next.cause) found.push(next)
  return found
}

function hasCode(error: Error, codes: readonly string[]): boolean {
  return 'code' in error && typeof error.code === 'string' && codes.includes(error.code)
}

/** Whether `error` means that the disk or a quota is full. */
export function isNoSpace(error: unknown): boolean {
  return withCauses(error).some(
    (one) =>
      one instanceof NoSpace ||
      hasCode(one, ['ENOSPC', 'EDQUOT']) ||
      /No space left|quota exceeded/i.test(one.message),
  )
}

/** Whether another process, or this one, already has the database open. */
export function isLocked(error: unknown): boolean {
  return withCauses(error).some((one) => hasCode(one, ['LEVEL_LOCKED']))
}

/** `error` as one of the errors that the interface promises; `doing` says what was tried. */
export function asStoreError(doing: string, error: unknown): Error {
  const chain = withCauses(error)
  const known = chain.find(
    (one) => one instanceof NoSpace || one instanceof StoreUnavailable || one instanceof StoreDamaged,
  )
  if (known !== undefined) return known
  const sentence = `${doing}: ${chain.at(-1)?.message ?? String(error)}`
  if (isNoSpace(error)) return new NoSpace(sentence, { cause: error })
  if (chain.some((one) => hasCode(one, ['LEVEL_CORRUPTION']))) {
    return new StoreDamaged(sentence, { cause: error })
  }
  return new StoreUnavailable(sentence, { cause: error })
}
