import { NoSpace, StoreUnavailable } from '../../store-errors.ts'
import type { FileSystem, OpenFile } from './file-system.ts'

/** ENOENT. Where a caller does not expect it, it is what it extends: the store cannot serve. */
export class FileMissing extends StoreUnavailable {}

const FULL: ReadonlySet<string> = new Set(['ENOSPC', 'EDQUOT'])

/** Wraps `fs` so that every failure of a system call is a store error, with the failure as its cause. */
export function withStoreErrors(fs: FileSystem): FileSystem {
  return {
    open: async (path, flags) => fileWithStoreErrors(await attempt(() => fs.open(path, flags)), path),
    rename: (from, to) => attempt(() => fs.rename(from, to)),
    unlink: (path) => attempt(() => fs.unlink(path)),
    unlinkEach: async (paths) => {
      const failed = await attempt(() => fs.unlinkEach(paths))
      return failed.map(({ path, error }) => ({ path, error: storeError(error) }))
    },
    share: (from, to) => attempt(() => fs.share(from, to)),
    mkdir: (path) => attempt(() => fs.mkdir(path)),
    mkdirEach: (parent, names) => attempt(() => fs.mkdirEach(parent, names)),
    async *names(path) {
      try {
        yield* fs.names(path)
      } catch (error) {
        throw storeError(error)
      }
    },
    stat: (path) => attempt(() => fs.stat(path)),
    freeBytes: (path) => attempt(() => fs.freeBytes(path)),
  }
}

function fileWithStoreErrors(file: OpenFile, path: string): OpenFile {
  return {
    read: (...range) => attempt(() => file.read(...range), path),
    write: (...range) => attempt(() => file.write(...range), path),
    truncate: (length) => attempt(() => file.truncate(length), path),
    sync: () => attempt(() => file.sync(), path),
    datasync: () => attempt(() => file.datasync(), path),
    size: () => attempt(() => file.size(), path),
    close: () => attempt(() => file.close(), path),
  }
}

async function attempt<Result>(call: () => Promise<Result>, path?: string): Promise<Result> {
  try {
    return await call()
  } catch (error) {
    throw storeError(error, path)
  }
}

/** Failures of an open file do not name it, hence `path`. Mistakes of this program pass unchanged. */
function storeError(error: unknown, path?: string): unknown {
  const code = systemErrorCode(error)
  if (code === undefined || !(error instanceof Error)) return error
  const message = path === undefined ? error.message : `${error.message}: ${path}`
  if (FULL.has(code)) return new NoSpace(message, { cause: error })
  if (code === 'ENOENT') return new FileMissing(message, { cause: error })
  return new StoreUnavailable(message, { cause: error })
}

/** `ENOSPC` and the like; Node's own `ERR_…` codes are not of the system. */
function systemErrorCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error) || typeof error.code !== 'string') return undefined
  return /^E[A-Z0-9]+$/.test(error.code) ? error.code : undefined
}
