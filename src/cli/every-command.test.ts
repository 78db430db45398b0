import { spawnSync } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { lamina, type Ran } from './cli-fixture.ts'
import type { Command } from './command.ts'
import { GROUPS } from './commands.ts'
import { EXIT } from './failures.ts'

const LAUNCHER = fileURLToPath(new URL('../../bin/lamina', import.meta.url))
const STACK = /\n {4}at /
const groups = await Promise.all(GROUPS.map((group) => group.load()))
const commands = groups.flat()

let directory = ''
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'lamina-every-'))
})
afterAll(async () => {
  await rm(directory, { recursive: true })
})

function run(words: readonly string[], input = ''): Promise<Ran> {
  return lamina(words, { directory, input })
}

/** The least that makes the command line of a command whole. */
function whole({ words, arguments: wanted = [], options = {} }: Command): string[] {
  const required = Object.entries(options).flatMap(([name, { required = false }]) =>
    required ? [`--${name}`, 'viewer'] : [],
  )
  return [...words.split(' '), ...wanted.map(() => 'absent'), ...required]
}

function expectUsage({ code, output, error }: Ran, words: string, said: string): void {
  expect([words, code], error).toEqual([words, EXIT.usage])
  expect(error).toContain(said)
  expect(error).not.toMatch(STACK)
  expect(output).toBe('')
}

describe('of every command', () => {
  test('an option that there is not, and an argument too many, end with 2 and their name', async () => {
    for (const command of commands) {
      expectUsage(await run([...whole(command), '--nonsense']), command.words, '--nonsense')
      const most = (command.arguments?.length ?? 0) + (command.optionalArguments?.length ?? 0)
      const many = Array.from({ length: most + 1 }, (_, at) => `one-${at}`)
      expectUsage(await run([...command.words.split(' '), ...many]), command.words, `"one-${most}"`)
    }
  })

  test('an argument or an option that must be there ends with 2 and its name', async () => {
    for (const command of commands) {
      const { words, arguments: wanted = [], options = {} } = command
      const short = words.split(' ')
      if (wanted[0] !== undefined) expectUsage(await run(short), words, `${wanted[0]} is missing`)
      const [needed] = Object.entries(options).find(([, { required }]) => required === true) ?? []
      if (needed === undefined) continue
      const rest = wanted.map(() => 'absent')
      expectUsage(await run([...short, ...rest]), words, `--${needed}`)
    }
  })

  test('without a server or a file it says so in a sentence, with the documented code', async () => {
    // These begin something where they stand, or report what they find.
    const own = ['serve', 'tls init', 'doctor']
    for (const command of commands.filter(({ words }) => !own.includes(words))) {
      const { code, error } = await run(whole(command), 'no password at all')
      expect(Object.values(EXIT), `${command.words}: ${error}`).toContain(code)
      if (code !== EXIT.ok)
        expect([command.words, error]).toEqual([command.words, expect.stringMatching(/^lamina: .+[.?)]/s)])
      expect(error, command.words).not.toMatch(STACK)
    }
  })
})

test('a policy that says something twice is refused before it is sent', async () => {
  await writeFile(join(directory, 'twice.json'), '{"refuseDangling":true,"refuseDangling":false}')
  expectUsage(await run(['project', 'set-policy', 'demo', 'twice.json']), 'twice', '"refuseDangling" twice')
})

test('who has read enough of the output is no failure', () => {
  const script = `"$0" help | true; echo "\${PIPESTATUS[0]}"`
  const { stdout, stderr } = spawnSync('bash', ['-c', script, LAUNCHER])
  expect([stdout.toString().trim(), stderr.toString()]).toEqual(['0', ''])
})

test.runIf(process.platform === 'linux')(
  'what cannot be written is a failure, and told in a sentence',
  () => {
    const run = (script: string) => spawnSync('bash', ['-c', script, LAUNCHER])
    const { status, stderr } = run('"$0" help >/dev/full')
    expect([status, stderr.toString()]).toEqual([
      EXIT.failed,
      expect.stringMatching(/^lamina: standard output cannot be written: ENOSPC.*\n$/),
    ])
    expect(run('"$0" help nothing 2>/dev/full').status).toBe(EXIT.usage)
  },
)
