import { beforeAll, describe, expect, test } from 'vitest'
import { StoreUnavailable } from '../../store-errors.ts'
import type { BlobLocation } from '../blob-store.ts'
import { SimulatedDisk } from './simulated-disk.ts'
import {
  expectKept,
  expectPromises,
  type Known,
  openOn,
  preparedDisk,
  push,
  pushAgain,
} from './simulated-push.ts'
import type { Survival } from './simulated-survival.ts'

const ALL: Survival = { bytes: 'written', names: () => 'changed' }
const SYNCED: Survival = { bytes: 'synced', names: () => 'synced' }

/** The process was killed; or the power went, and any mix of what was not synced is gone. */
const SURVIVALS: readonly (readonly [string, (disk: SimulatedDisk) => SimulatedDisk])[] = [
  ['killed', (disk) => disk.restarted()],
  ...(['synced', 'written', 'zeros'] as const).flatMap((bytes) =>
    (['synced', 'changed'] as const).flatMap((uploads) =>
      (['synced', 'changed'] as const).map((blobs): (typeof SURVIVALS)[number] => [
        `power lost, bytes ${bytes}, names of uploads ${uploads}, of blobs ${blobs}`,
        (disk) => disk.survivor({ bytes, names: (path) => (path.endsWith('/uploads') ? uploads : blobs) }),
      ]),
    ),
  ),
]

let prepared: { readonly disk: SimulatedDisk; readonly old: BlobLocation }
beforeAll(async () => {
  prepared = await preparedDisk()
})

/** Runs a push that dies at a call; gives nothing once the push ends before that call. */
async function pushDyingAt(call: number): Promise<{ disk: SimulatedDisk; known: Known } | undefined> {
  const disk = prepared.disk.survivor(ALL)
  const store = await openOn(disk)
  const known: Known = { old: prepared.old, oldRemoved: false }
  disk.plan({ call, kind: 'death' })
  const ended = await push(store, known).then(
    () => undefined,
    (error: unknown) => error,
  )
  if (!disk.fired) return undefined
  expect(ended).toBeInstanceOf(StoreUnavailable)
  return { disk, known }
}

describe.each(SURVIVALS)('%s', (_, survive) => {
  test('death at every system call of a push', async () => {
    let call = 1
    for (; ; call++) {
      const died = await pushDyingAt(call)
      if (died === undefined) break
      const disk = survive(died.disk)
      const store = await openOn(disk)
      await expectPromises(store, died.known)
      const promises = await pushAgain(store, died.known)
      await expectPromises(store, died.known)
      await expectKept(await openOn(disk.survivor(SYNCED)), promises)
      expect(disk.openFiles).toBe(0)
      expect(await uploadsOn(disk)).toEqual(unrecorded(died.known))
    }
    expect(call).toBeGreaterThan(35)
  })
})

/** A crash inside `create` may leave a file that the caller was not told of; its record still has the id. */
function unrecorded(known: Known): unknown {
  return known.upload === undefined
    ? expect.toSatisfy((names: string[]) => names.every((name) => name === 'new'))
    : []
}

async function uploadsOn(disk: SimulatedDisk): Promise<string[]> {
  const names: string[] = []
  for await (const name of disk.names('/var/lamina/uploads')) names.push(name)
  return names
}

describe.each(SURVIVALS)('opening: %s', (_, survive) => {
  test('death at system calls of the first start', async () => {
    // The calls that make 512 directories are alike: of those, every 37th.
    for (let call = 1, fired = true; fired; call += call < 8 || call > 515 ? 1 : 37) {
      const disk = new SimulatedDisk()
      disk.plan({ call, kind: 'death' })
      const opened = openOn(disk)
      if (call < 500) await expect(opened).rejects.toThrow(StoreUnavailable)
      else await opened.catch((error: unknown) => expect(error).toBeInstanceOf(StoreUnavailable))
      fired = disk.fired
      const again = survive(disk)
      const promises = await pushAgain(await openOn(again), { old: prepared.old, oldRemoved: true })
      await expectKept(await openOn(again.survivor(SYNCED)), promises)
    }
  })
})
