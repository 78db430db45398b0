import { readFileSync } from 'node:fs'
import { glob } from 'node:fs/promises'
import { join } from 'node:path'

/** Directory of the project, with a slash at the end. */
export const ROOT = new URL('..', import.meta.url).pathname

/** Paths from the root that match, in order. */
export async function projectFiles(...patterns: readonly string[]): Promise<string[]> {
  const found: string[] = []
  for await (const path of glob(patterns, { cwd: ROOT })) found.push(path)
  return found.sort()
}

/** Text of a file of the project. Throws when it does not exist. */
export function projectText(path: string): string {
  return readFileSync(join(ROOT, path), 'utf8')
}
