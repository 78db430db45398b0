import { RegistryError } from '../../oci/registry-error.ts'

/** Gives a reading so much time, in milliseconds. Throws UNAVAILABLE when that is over: it is no failure of the server. */
export async function inTime<Result>(
  milliseconds: number,
  read: (signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  const signal = AbortSignal.timeout(milliseconds)
  try {
    return await read(signal)
  } catch (error) {
    if (!signal.aborted) throw error
    throw new RegistryError('UNAVAILABLE', {
      message: `reading it took longer than ${milliseconds / 1000} s: its layer can only be unpacked from the start, or not yet from a place nearby; ask again in some minutes, or pull the layer`,
      cause: error,
      headers: { 'retry-after': '60' },
    })
  }
}
