import { rm } from 'node:fs/promises'

/** Removes what an earlier run has left. What cannot be removed is told of, and in nobody's way. Never rejects. */
export async function clearDirectory({
  directory,
  onError,
}: {
  readonly directory: string
  readonly onError: (error: unknown, what: string) => void
}): Promise<void> {
  try {
    await rm(directory, { recursive: true, force: true })
  } catch (error) {
    onError(error, `what an earlier run has left in ${directory}`)
  }
}
