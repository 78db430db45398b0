import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { expect, test } from 'vitest'

const LINE = 100
/** A program with `logOutput(1, waiting)` that writes so many lines, says so on standard error, and ends when told. */
function program(lines: number, waiting: number): ChildProcess {
  return writes(
    `for (let written = 0; written < ${lines}; written++) {
      output.write('x'.repeat(${LINE - 1}) + '\\n')
      if (written % 100 === 99) await new Promise((resolve) => setTimeout(resolve, 1))
    }`,
    waiting,
  )
}

/** The same, with what it does to `output` in its own words. */
function writes(act: string, waiting: number): ChildProcess {
  const source = `
    import { logOutput } from ${JSON.stringify(new URL('./log-output.ts', import.meta.url).href)}
    const output = logOutput(1, ${waiting})
    ${act}
    process.stderr.write('written')
    process.stdin.once('data', () => process.stdin.unref())`
  const flags = ['--disable-warning=ExperimentalWarning', '--input-type=module', '-e', source]
  return spawn(process.execPath, flags, { stdio: ['pipe', 'pipe', 'pipe'] })
}

test('a reader that stands still loses lines beyond what may wait, and is told how many', async () => {
  const lines = 40_000
  const waiting = 500_000
  const { stdin, stdout, stderr } = program(lines, waiting)
  if (!stdin || !stdout || !stderr) throw new Error('no pipes')
  await once(stderr, 'data')
  const said = text(stdout)
  stdin.end('go')
  const got = (await said).trimEnd().split('\n')
  const notes = got.filter((line) => line.startsWith('{')).map((line): unknown => JSON.parse(line))
  const kept = got.length - notes.length
  const msg = `${lines - kept} lines of the log were lost: what reads it was too slow`
  expect(notes).toEqual([expect.objectContaining({ level: 40, lost: lines - kept, msg })])
  // What waited, and what the pipe between the two held.
  expect(kept * LINE).toBeLessThan(waiting + 1_000_000)
})

test('a reader that keeps up gets every line', async () => {
  const { stdin, stdout } = program(2000, 1_000_000)
  if (!stdin || !stdout) throw new Error('no pipes')
  const said = text(stdout)
  stdin.end('go')
  expect(await said).toBe(`${'x'.repeat(LINE - 1)}\n`.repeat(2000))
})

test('lines longer than a piece, and letters of several bytes, come whole and in order', async () => {
  const lengths = [5, 30_000, 5, 100_000, 20_000, 40_000, 5]
  const act = `for (const length of ${JSON.stringify(lengths)}) output.write('é€'.repeat(length) + '\\n')`
  const { stdin, stdout } = writes(act, 10_000_000)
  if (!stdin || !stdout) throw new Error('no pipes')
  const said = text(stdout)
  stdin.end('go')
  expect(await said).toBe(lengths.map((length) => `${'é€'.repeat(length)}\n`).join(''))
})
