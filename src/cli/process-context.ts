import { systemCode } from '../system-code.ts'
import { type ApiClient, connect } from './api-client.ts'
import type { Context } from './command.ts'
import { EXIT } from './failures.ts'
import { createProgress } from './progress.ts'

/** The context of a real command line. */
export function processContext(): Context {
  const environment = process.env
  const directory = process.cwd()
  let client: Promise<ApiClient> | undefined
  process.stdout.on('error', unlessNobodyReads)
  // What cannot be complained of changes nothing in how a command ends.
  process.stderr.on('error', () => undefined)
  return {
    environment,
    directory,
    api: () => (client ??= connect(environment, directory)),
    readInput,
    writeOutput: (text) => void process.stdout.write(text),
    writeError: (text) => void process.stderr.write(text),
    showProgress: createProgress(process.stderr),
  }
}

/** `lamina tags shop/web | head` closes its end when it has read enough: the command goes on and ends as it would. */
function unlessNobodyReads(error: Error): void {
  if (systemCode(error) === 'EPIPE') return
  process.stderr.write(`lamina: standard output cannot be written: ${error.message}.\n`)
  process.exit(EXIT.failed)
}

async function readInput(): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of process.stdin) if (Buffer.isBuffer(chunk)) chunks.push(chunk)
  return Buffer.concat(chunks)
    .toString()
    .replace(/\r?\n$/, '')
}
