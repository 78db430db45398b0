import type { Frame, LevelDatabase, LevelIterator } from '../level/level-database.ts'

/** memory-level hands out the very bytes that it holds, and the driver passes them on: what callers do must not reach them. */
export function handingOutCopies(inner: LevelDatabase): LevelDatabase {
  return {
    open: () => inner.open(),
    close: () => inner.close(),
    batch: (operations, options) => inner.batch(operations, options),
    snapshot: () => inner.snapshot(),
    getSync: (key, options) => copyOf(inner.getSync(key, options)),
    getMany: async (keys, options) => (await inner.getMany(keys, options)).map(copyOf),
    iterator: (options) => iteratorOfCopies(inner.iterator(options)),
  }
}

function iteratorOfCopies(inner: LevelIterator): LevelIterator {
  return {
    nextv: async (size) => (await inner.nextv(size)).map(frameCopy),
    seek: (key) => inner.seek(key),
    close: () => inner.close(),
  }
}

function frameCopy([key, value]: Frame): Frame {
  return [new Uint8Array(key), new Uint8Array(value)]
}

function copyOf(bytes: Uint8Array | undefined): Uint8Array | undefined {
  return bytes && new Uint8Array(bytes)
}
