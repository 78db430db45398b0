import { enableCompileCache } from 'node:module'
import { fileURLToPath } from 'node:url'

// First of all: the thread pool takes its size when it is first used, and the import below uses it.
process.env['UV_THREADPOOL_SIZE'] ??= '16'
// Makes later starts faster. Not in the directory for temporary files, where others might put code for us to run.
enableCompileCache(fileURLToPath(new URL('../node_modules/.cache/lamina', import.meta.url)))

const { runCommand } = await import('./cli/run.ts')
process.exitCode = await runCommand(process.argv.slice(2))
