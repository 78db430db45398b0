import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'
import { z } from 'zod'

const PROGRAM = fileURLToPath(new URL('./give-way-fixture.ts', import.meta.url))
const threads = z.array(z.object({ name: z.string(), nice: z.number() }))

// Linux alone counts priorities by thread.
it.runIf(process.platform === 'linux')(
  'puts the threads that call it and the helpers of V8 behind the main thread, once however many call it',
  async () => {
    const { stdout } = await promisify(execFile)(process.execPath, [PROGRAM])
    const niceOf = (isMeant: (name: string) => boolean) =>
      threads
        .parse(JSON.parse(stdout))
        .filter(({ name }) => isMeant(name))
        .map(({ nice }) => nice)
    const helpers = niceOf((name) => name === 'V8Worker')
    expect(helpers.length).toBeGreaterThan(0)
    expect(new Set(helpers)).toEqual(new Set([5]))
    expect(niceOf((name) => name === 'WorkerThread')).toEqual([5, 5])
    expect(new Set(niceOf((name) => name === 'MainThread' || name.startsWith('libuv')))).toEqual(new Set([0]))
  },
)
