import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { open } from 'node:fs/promises'
import { text } from 'node:stream/consumers'
import { describe, expect, test } from 'vitest'

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
function writes(act: string, waiting: number, output: 'pipe' | number = 'pipe'): ChildProcess {
  const source = `
    import { logOutput } from ${JSON.stringify(new URL('./log-output.ts', import.meta.url).href)}
    const output = logOutput(1, ${waiting})
    ${act}
    process.stderr.write('written')
    process.stdin.once('data', () => process.stdin.unref())`
  const flags = ['--disable-warning=ExperimentalWarning', '--input-type=module', '-e', source]
  return spawn(process.execPath, flags, { stdio: ['pipe', output, 'pipe'] })
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

describe.runIf(process.platform === 'linux')('a descriptor that takes nothing', () => {
  const act = `for (let at = 0; at < 30; at++) {
      output.write('x'.repeat(99) + '\\n')
      await new Promise((resolve) => setTimeout(resolve, 20))
    }`

  test('of a full disk ends nothing, and keeps nothing from ending', async () => {
    const device = await open('/dev/full', 'w')
    const child = writes(act, 1000, device.fd)
    await device.close()
    const { stdin, stderr } = child
    if (!stdin || !stderr) throw new Error('no pipes')
    expect(await once(stderr, 'data')).toEqual([Buffer.from('written')])
    stdin.end('go')
    expect(await once(child, 'exit')).toEqual([0, null])
  })

  test('because its reader stands still keeps nothing from ending', async () => {
    // As in the program itself: from then on the pipe says that it is full, in place of waiting.
    const child = writes(
      `process.stdout.on('error', () => undefined)\n${act.replace('99', '60000')}`,
      4_000_000,
    )
    const { stdin, stdout, stderr } = child
    if (!stdin || !stdout || !stderr) throw new Error('no pipes')
    await once(stderr, 'data')
    stdin.end('go')
    expect(await once(child, 'exit')).toEqual([0, null])
    stdout.destroy()
  })
})
