// First of all: the thread pool takes its size when it is first used, and the import below uses it.
process.env['UV_THREADPOOL_SIZE'] ??= '16'

const { runCommand } = await import('./cli/run.ts')
process.exitCode = await runCommand(process.argv.slice(2))
