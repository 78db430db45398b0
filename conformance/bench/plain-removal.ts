import type { S3Requests } from '../servers/s3-requests.ts'

/** Keys that one call may name. */
const KEYS = 1000
/** Calls under way at most, as of the registry. */
const CALLS = 4
const PUTS = 32

/** Stores so many objects of a few bytes; their keys. */
export async function storePlain(
  requests: S3Requests,
  bucket: string,
  count: number,
): Promise<readonly string[]> {
  const objects = Array.from({ length: count }, (_, at) => `plain/${at}`)
  await sideBySide(objects, PUTS, async (key) => {
    await requests.must('PUT', `/${bucket}/${key}`, { body: Buffer.from(key) })
  })
  return objects
}

/** What the engine gives to who only removes, by DeleteObjects and nothing else. Gives objects a second. */
export async function removePlain(
  requests: S3Requests,
  bucket: string,
  objects: readonly string[],
): Promise<number> {
  const calls = Array.from({ length: Math.ceil(objects.length / KEYS) }, (_, at) =>
    objects.slice(at * KEYS, (at + 1) * KEYS),
  )
  const begun = performance.now()
  await sideBySide(calls, CALLS, async (chunk) => {
    const named = chunk.map((key) => `<Object><Key>${key}</Key></Object>`).join('')
    const body = Buffer.from(`<Delete><Quiet>true</Quiet>${named}</Delete>`)
    const answer = await requests.must('POST', `/${bucket}`, { query: { delete: '' }, body })
    if (answer.includes('<Error>'))
      throw new Error(`S3 did not remove all: ${answer.toString().slice(0, 300)}`)
  })
  return (objects.length / (performance.now() - begun)) * 1000
}

async function sideBySide<Item>(
  items: readonly Item[],
  atOnce: number,
  act: (item: Item) => Promise<void>,
): Promise<void> {
  const waiting = items.values()
  const worker = async (): Promise<void> => {
    for (const item of waiting) await act(item)
  }
  await Promise.all(Array.from({ length: atOnce }, worker))
}
