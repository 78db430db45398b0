import type { TestProject } from 'vitest/node'
import { newSchema } from './metadata.ts'
import { dispose, startServer } from './server.ts'

declare module 'vitest' {
  // oxlint-disable-next-line typescript/consistent-type-definitions -- it is merged into vitest's own.
  interface ProvidedContext {
    /** Where the registry listens that test files share, see useOpenRegistry. */
    openRegistry: string
  }
}

/** One registry for the test files of a project that need nothing else: a start and a stop cost more than most tests. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const stores = project.name === 'postgres' ? await newSchema(project.getProvidedContext().postgres) : {}
  const server = await startServer({ LAMINA_AUTH: 'off', ...stores })
  project.provide('openRegistry', server.url)
  return () => dispose(server)
}
