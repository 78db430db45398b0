import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { FileBallast, REOPEN_ROOM, roomIn } from './ballast.ts'
import { makeTestDirectory } from './test-directory.ts'

const BYTES = 40 << 20
let directory: Awaited<ReturnType<typeof makeTestDirectory>>

beforeEach(async () => {
  directory = await makeTestDirectory()
})

afterEach(() => directory.remove())

const held = async () => (await stat(join(directory.path, 'ballast'))).size

it('holds what opening again needs at once, and the rest soon', async () => {
  const ballast = new FileBallast(directory.path, BYTES, { restAfter: 0 })
  expect(await ballast.make()).toBe(true)
  expect(await held()).toBeGreaterThan(REOPEN_ROOM)
  await expect.poll(() => ballast.isWhole, { timeout: 30_000 }).toBe(true)
  expect(await held()).toBe(BYTES)
})

it('that is stopped, or let go, before the rest was written does not write it', async () => {
  const ballast = new FileBallast(directory.path, BYTES, { restAfter: 60_000 })
  await ballast.make()
  await ballast.stop()
  expect([ballast.isEnough, ballast.isWhole]).toEqual([true, false])
  expect(await held()).toBeLessThan(BYTES)
  await ballast.make()
  await ballast.release()
  expect(ballast.isEnough).toBe(false)
  await expect(held()).rejects.toThrow('ENOENT')
})

it.each([
  ['as many bytes as blocks are free', { files: 1000, ffree: 500 }, 40_960],
  ['none where hardly a file can be made', { files: 1000, ffree: 3 }, 0],
  ['as many where files are made as they are needed', { files: 0, ffree: 0 }, 40_960],
])('has room for %s', (_, files, room) => {
  expect(roomIn({ bsize: 4096, bavail: 10, ...files })).toBe(room)
})
