import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A directory for one test. `remove` takes it away and fails when something keeps it. */
export async function makeTestDirectory(): Promise<{ path: string; remove: () => Promise<void> }> {
  const path = await mkdtemp(join(tmpdir(), 'lamina-level-'))
  return {
    path,
    remove: async () => {
      await rm(path, { recursive: true, force: true })
      if (existsSync(path)) throw new Error(`${path} is still there`)
    },
  }
}
