import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { z } from 'zod'
import { ApiClient } from '../src/cli/api-client.ts'
import type { Command } from '../src/cli/command.ts'
import { GROUPS } from '../src/cli/commands.ts'
import { runCommand } from '../src/cli/run.ts'
import { samplesOf } from './openapi-samples.ts'
import { type PageOperation, readOpenapiForPage } from './page-operations.ts'

const { operations, schemas } = readOpenapiForPage()

/** What stands for an argument: commands want a name, a repository, an image by tag or digest, or a digest. */
const DIGEST = `sha256:${'a'.repeat(64)}`
const ARGUMENTS = ['demo', 'demo/app', 'demo/app:v1', `demo/app@${DIGEST}`, DIGEST]

/** Begin a server, or write files. */
const OWN = ['serve', 'tls init', 'restore']

let directory = ''
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'lamina-answers-'))
})
afterAll(() => rm(directory, { recursive: true }))

/** Answers with what openapi.yaml says, and writes down what the command line does not take. */
class DescribedServer extends ApiClient {
  static readonly asked = new Set<string>()
  static readonly refused = new Set<string>()
  readonly #before = new Set<string>()

  constructor() {
    super({ where: 'openapi.yaml', tls: false, advice: '', options: {} })
  }

  override call<Schema extends z.ZodType>(
    schema: Schema,
    method: string,
    path: string,
  ): Promise<z.infer<Schema>> {
    if (!path.startsWith('/api/v1/')) return Promise.resolve(schema.parse({ status: 'ok' }))
    const operation = operationOf(method, path)
    if (operation === undefined) {
      DescribedServer.refused.add(`openapi.yaml has no ${method} ${path}`)
      return Promise.reject(new Error('nowhere'))
    }
    // Who asks twice waits for an end that never comes.
    if (this.#before.has(operation.id)) return Promise.reject(new Error('over'))
    this.#before.add(operation.id)
    DescribedServer.asked.add(operation.id)
    const answers = operation.answer === undefined ? [undefined] : samplesOf(operation.answer, schemas)
    const parsed = answers.map((answer) => schema.safeParse(answer))
    for (const { error } of parsed)
      for (const { path: field, message } of error?.issues ?? [])
        DescribedServer.refused.add(`${operation.id}: ${field.join('.')}: ${message}`)
    const taken = parsed.findLast(({ success }) => success)
    return taken?.success === true ? Promise.resolve(taken.data) : Promise.reject(new Error('refused'))
  }

  override ask(): Promise<never> {
    return Promise.reject(new Error('not of /api/v1'))
  }

  override stream(): Promise<never> {
    return Promise.reject(new Error('not of /api/v1'))
  }
}

function operationOf(method: string, path: string): PageOperation | undefined {
  const [plain = ''] = path.split('?', 1)
  return operations.find((one) => {
    const template = `/api/v1/${one.path}`.replaceAll(/\{\w+\}/g, '[^/]+')
    return one.method === method && new RegExp(`^${template}$`).test(plain)
  })
}

test('the command line takes every answer that openapi.yaml describes', async () => {
  const commands = (await Promise.all(GROUPS.map((group) => group.load()))).flat()
  const lines = commands
    .filter(({ words }) => !OWN.includes(words))
    .flatMap((command) => ARGUMENTS.flatMap((argument) => linesOf(command, argument)))
  await Promise.all(lines.map(run))
  expect([...DescribedServer.refused]).toEqual([])
  // Of many commands, or the test would tell nothing.
  expect(DescribedServer.asked.size).toBeGreaterThan(50)
})

/** A command with what it must have, and with each thing more that it may have. */
function linesOf(command: Command, argument: string): string[][] {
  const { words, arguments: wanted = [], optionalArguments = [], options = {} } = command
  const required = Object.entries(options).flatMap(([name, { required: needed = false }]) =>
    needed ? [`--${name}`, 'viewer'] : [],
  )
  const least = [...words.split(' '), ...wanted.map(() => argument), ...required]
  return [
    least,
    [...least, ...optionalArguments.map(() => argument)],
    ...Object.entries(options).map(([name, { value }]) => [
      ...least,
      `--${name}`,
      ...(value === undefined ? [] : [argument]),
    ]),
  ]
}

function run(words: readonly string[]): Promise<number> {
  const environment = { LAMINA_DATA: directory, LAMINA_LISTEN: '127.0.0.1:0' }
  return runCommand(words, {
    environment,
    directory,
    api: () => Promise.resolve(new DescribedServer()),
    readInput: () => Promise.resolve('a long enough password'),
    writeOutput: () => undefined,
    writeError: () => undefined,
    showProgress: () => undefined,
  })
}
