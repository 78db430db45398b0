import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { dump } from '../contract-tools.ts'
import { openLevelMetadataStore } from './level-metadata-store.ts'
import { makeTestDirectory } from './test-directory.ts'

let directory: Awaited<ReturnType<typeof makeTestDirectory>>

beforeEach(async () => {
  directory = await makeTestDirectory()
})

afterEach(async () => {
  await directory.remove()
})

/** Runs a child until it dies, or kills it with SIGKILL when `isEnough`; gives the lines it printed. */
async function runUntilKilled(
  script: string,
  parameters: readonly string[],
  isEnough: (lines: readonly string[]) => boolean,
): Promise<string[]> {
  const child = spawn(process.execPath, [join(import.meta.dirname, script), ...parameters], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const dead = once(child, 'close')
  let complaints = ''
  child.stderr.on('data', (chunk: Buffer) => {
    complaints += chunk.toString()
  })
  const lines: string[] = []
  for await (const line of createInterface({ input: child.stdout })) {
    lines.push(line)
    if (isEnough(lines)) child.kill('SIGKILL')
  }
  await dead
  expect(child.signalCode, complaints).toBe('SIGKILL')
  return lines
}

async function namesIn(path: string): Promise<Set<string>> {
  const store = await openLevelMetadataStore({ directory: path, ballastBytes: 0 })
  try {
    return new Set((await dump(store)).map(([name]) => name))
  } finally {
    await store.close()
  }
}

function missing(acknowledged: readonly string[], there: ReadonlySet<string>): string[] {
  return acknowledged.filter((name) => !there.has(name))
}

describe('kill -9', { timeout: 60_000 }, () => {
  it.each([30, 200, 1000])(
    'amid commits, after %i were acknowledged: all of them are there',
    async (count) => {
      const lines = await runUntilKilled(
        'crash-child.ts',
        [directory.path, 'amid'],
        ({ length }) => length >= count,
      )
      const there = await namesIn(directory.path)
      expect(lines.length).toBeGreaterThanOrEqual(count)
      expect(missing(lines, there)).toEqual([])
      // At most one group more was on its way.
      expect(there.size - lines.length).toBeLessThanOrEqual(8)
    },
  )

  it('right before a batch: what was acknowledged is there, and nothing else', async () => {
    const lines = await runUntilKilled('crash-child.ts', [directory.path, 'before'], () => false)
    expect(await namesIn(directory.path)).toEqual(new Set(lines))
  })

  it('right after a batch: what it wrote is there, although nobody was told', async () => {
    const lines = await runUntilKilled('crash-child.ts', [directory.path, 'after'], () => false)
    const there = await namesIn(directory.path)
    expect(missing(lines, there)).toEqual([])
    expect(there.size).toBeGreaterThan(lines.length)
  })
})

describe('a full disk of 96 MiB', { timeout: 120_000 }, () => {
  const reason = whyNoMount()
  if (reason !== undefined) console.log(`the full disk is not tried with a real file system: ${reason}`)

  it.skipIf(reason !== undefined)(
    `keeps what was acknowledged before, while and after it was full${reason === undefined ? '' : ` (not run: ${reason})`}`,
    async () => {
      mount(directory.path)
      try {
        const isDone = (lines: readonly string[]) => lines.at(-1) === 'done'
        const lines = await runUntilKilled('full-disk-child.ts', [directory.path], isDone)
        expect(lines.filter((line) => line === 'refused').length).toBeGreaterThanOrEqual(20)
        const acknowledged = lines.filter((line) => line !== 'refused' && line !== 'done')
        expect(acknowledged.filter((line) => line.startsWith('after'))).toHaveLength(100)
        const there = await namesIn(join(directory.path, 'metadata'))
        expect(there).toEqual(new Set(acknowledged))
      } finally {
        run('umount', [directory.path])
      }
    },
  )
})

function mount(path: string): void {
  run('mount', ['-t', 'tmpfs', '-o', 'size=96m', 'lamina-test', path])
}

function run(command: string, parameters: readonly string[]): void {
  const { status, stderr, error } = spawnSync(command, parameters, { encoding: 'utf8' })
  if (status !== 0) throw error ?? new Error(`${command}: ${stderr.trim()}`)
}

/** Tries it, because being root does not mean that a container may mount. */
function whyNoMount(): string | undefined {
  if (process.platform !== 'linux') return 'tmpfs is for Linux'
  if (process.getuid?.() !== 0) return 'only root can mount'
  const { status, stderr } = spawnSync(
    'unshare',
    ['--mount', 'mount', '-t', 'tmpfs', 'lamina-test', '/tmp'],
    {
      encoding: 'utf8',
    },
  )
  return status === 0 ? undefined : `mounting is not allowed here: ${stderr.trim()}`
}
