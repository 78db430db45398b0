import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

/** The project's top folder, absolute. */
export const projectRoot = fileURLToPath(new URL('../..', import.meta.url))

/** Where installed tools, reports and logs of test runs go; git ignores it. */
const workDirectory = path.join(projectRoot, '.work')

/** The Node that npm brought with the project. */
export const nodeBinary = path.join(projectRoot, 'node_modules/.bin/node')

/** The path of a program that `servers/install.sh` built into `.work/bin`. */
export function builtTool(name: string): string {
  return path.join(workDirectory, 'bin', name)
}

/** A folder `.work/<names>`, made if missing. */
export async function workFolder(...names: string[]): Promise<string> {
  const folder = path.join(workDirectory, ...names)
  await mkdir(folder, { recursive: true })
  return folder
}

/** A fresh folder with a short path (unix sockets allow 107 bytes), removed with everything in it by `remove`. */
export async function scratchFolder(name: string): Promise<{ path: string; remove: () => Promise<void> }> {
  const folder = await mkdtemp(path.join(tmpdir(), `lamina-${name}-`))
  return { path: folder, remove: () => rm(folder, { recursive: true, force: true, maxRetries: 5 }) }
}
