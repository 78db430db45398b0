import type { IncomingMessage, ServerResponse } from 'node:http'
import type { RequestListener } from '../http/listener.ts'
import { startTestServer, type TestServer } from '../http/server-fixture.ts'
import { connect } from './api-client.ts'
import { runCommand } from './run.ts'

/** What a command line did. */
export interface Ran {
  readonly code: number
  readonly output: string
  readonly error: string
  /** What a terminal would have shown meanwhile, line after line. */
  readonly progress: readonly string[]
}

/** Where a command line runs, in tests. */
export interface Place {
  readonly directory: string
  readonly environment?: Readonly<Record<string, string>>
  readonly input?: string
}

/** Runs `lamina` with `words`, in this process. */
export async function lamina(words: readonly string[], place: Place): Promise<Ran> {
  const { directory, environment = {}, input = '' } = place
  const ran = { output: '', error: '' }
  const progress: string[] = []
  const code = await runCommand(words, {
    environment,
    directory,
    api: () => connect(environment, directory),
    readInput: () => Promise.resolve(input),
    writeOutput: (text) => void (ran.output += text),
    writeError: (text) => void (ran.error += text),
    showProgress: (line) => void progress.push(line),
  })
  return { code, ...ran, progress }
}

/** Status and JSON body. */
export type Answer = readonly [status: number, body: unknown]

export interface Seen {
  readonly method: string
  readonly path: string
  readonly body: unknown
  readonly authorization: string | undefined
}

export interface FakeServer extends TestServer {
  /** What it was asked, in order. */
  readonly seen: Seen[]
}

/** A server that gives `answers` in turn, as status and body, and remembers what it was asked. */
export async function fakeServer(...answers: Answer[]): Promise<FakeServer> {
  const seen: Seen[] = []
  const handler: RequestListener = (request, response) => {
    void answer(request, response)
  }
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    let text = ''
    for await (const chunk of request) text += String(chunk)
    const body: unknown = text === '' ? undefined : JSON.parse(text)
    const { method = '', url: path = '', headers } = request
    seen.push({ method, path, body, authorization: headers.authorization })
    const [status, value] = answers[seen.length - 1] ?? [
      500,
      { errors: [{ code: 'UNKNOWN', message: 'no more' }] },
    ]
    response.statusCode = status
    response.end(value === undefined ? '' : JSON.stringify(value))
  }
  return { ...(await startTestServer(handler)), seen }
}
