import { setImmediate } from 'node:timers/promises'

/**
 * Records that are read, and taken for what they say, in one go: a manifest may have thousands of layers, and others
 * get their turn in between.
 */
const AT_A_TIME = 1000

/** What `read` gives for all keys, in their order; of very many, some at a time. */
export async function inParts<Key, Found>(
  keys: readonly Key[],
  read: (some: readonly Key[]) => Promise<readonly Found[]>,
): Promise<readonly Found[]> {
  if (keys.length <= AT_A_TIME) return read(keys)
  const all: Found[] = []
  for (let at = 0; at < keys.length; at += AT_A_TIME) {
    all.push(...(await read(keys.slice(at, at + AT_A_TIME))))
    await setImmediate()
  }
  return all
}
