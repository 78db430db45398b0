import { enableCompileCache } from 'node:module'
import { fileURLToPath } from 'node:url'
import { builtProgram } from './built.ts'

// First of all: the thread pool takes its size when it is first used, and the imports below use it.
process.env['UV_THREADPOOL_SIZE'] ??= '16'
const root = new URL('..', import.meta.url)
// Loaded as it stands or as dist/server/main.js, which is the same and looks at this file, too.
// Makes later starts faster. Not in the directory for temporary files, where others might put code for us to run.
enableCompileCache(fileURLToPath(new URL('node_modules/.cache/lamina', root)))

const built = builtProgram(root)
await (built === undefined ? import('./cli/start.ts') : import(built))
