import { type FileHandle, open } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'

/** Bytes of a socket's path that every system takes (macOS 103, Linux 107). */
const LONGEST = 103

/** Where the control socket of the server with this data directory is. */
export function controlSocketPath(data: string): string {
  return join(data, 'control.sock')
}

/** A path for bind and connect, and what releases it. */
export interface ShortPath {
  readonly path: string
  readonly close: () => Promise<void>
}

/**
 * The same socket by a path that system calls take, however deep the data directory lies: on Linux an open directory
 * has a short name. Throws RangeError where there is no such way.
 */
export async function shortSocketPath(path: string, platform: string = process.platform): Promise<ShortPath> {
  if (Buffer.byteLength(path) <= LONGEST) return { path, close: () => Promise.resolve() }
  if (platform !== 'linux')
    throw new RangeError(`the path ${path} is longer than the ${LONGEST} bytes that a socket may have`)
  const directory: FileHandle = await open(dirname(path), 'r')
  return { path: `/proc/self/fd/${directory.fd}/${basename(path)}`, close: () => directory.close() }
}
