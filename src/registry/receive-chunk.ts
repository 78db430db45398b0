import type { UploadState, UploadWriter } from '../../storage/blobs/blob-store.ts'
import { RegistryError } from '../oci/registry-error.ts'
import type { Chunk } from './chunk.ts'
import type { RegistryParts } from './parts.ts'
import type { RunningHash } from './running-hash.ts'

/** What came in, and whether the client stayed to the end. */
export interface Received {
  readonly state: UploadState
  readonly offset: number
  /** The client's failure when it went away; what it sent until then counts. */
  readonly cut: unknown
}

/** Where a chunk goes, and what the blob store is told of it beside its bytes. */
export interface ReceiveInto {
  readonly state: UploadState
  readonly offset: number
  readonly hash: RunningHash
  /** The upload is complete after this chunk, unless the client goes away. */
  readonly completing: boolean
  /** Records a state of the store in the middle of the append. */
  readonly record: (state: UploadState) => Promise<void>
  /** Called as bytes come; they are refused when it rejects. */
  readonly goOn: () => Promise<void>
}

/**
 * Streams a chunk to the blob store and through the hash. Rejects with the store's errors, and with SIZE_INVALID when
 * more or fewer bytes than announced came: then nothing of it counts.
 */
export async function receiveChunk(
  { blobs, meter }: Pick<RegistryParts, 'blobs' | 'meter'>,
  chunk: Chunk,
  { state, offset, hash, completing, record, goOn }: ReceiveInto,
): Promise<Received> {
  const announced = chunk.range === undefined ? undefined : chunk.range.end - chunk.range.start + 1
  const iterator = chunk.bytes[Symbol.asyncIterator]()
  try {
    const first = await nextOf(iterator)
    if (first.bytes === undefined) return finished(state, offset, first.cut, announced)
    const expected = chunk.length ?? announced
    const writer = await blobs.append(state, offset, { expected, record })
    return await receiveFrom(iterator, first, writer, { announced, hash, completing, offset, meter, goOn })
  } finally {
    // Leaves the request as it is, so that the rest of its body can be thrown away before an early answer.
    await iterator.return?.()
  }
}

interface Next {
  readonly bytes: Uint8Array | undefined
  readonly cut: unknown
}

async function receiveFrom(
  iterator: AsyncIterator<Uint8Array>,
  first: Next,
  writer: UploadWriter,
  to: {
    readonly announced: number | undefined
    readonly hash: RunningHash
    readonly completing: boolean
    readonly offset: number
    readonly meter: RegistryParts['meter']
    readonly goOn: () => Promise<void>
  },
): Promise<Received> {
  const { announced, hash, completing, offset, meter, goOn } = to
  let received = 0
  let next = first
  try {
    while (next.bytes !== undefined) {
      received += next.bytes.length
      meter.received += next.bytes.length
      if (announced !== undefined && received > announced) throw sizeDiffers(announced, 'more')
      hash.update(next.bytes)
      await writer.write(next.bytes)
      await goOn()
      next = await nextOf(iterator)
    }
  } catch (error) {
    await writer.close().catch((closing: unknown) => {
      if (closing === error) return
      throw new AggregateError([error, closing], 'writing an upload failed, and closing it too', {
        cause: error,
      })
    })
    throw error
  }
  const state = await writer.close({ completing: completing && next.cut === undefined })
  if (next.cut === undefined && announced !== undefined && received < announced)
    throw sizeDiffers(announced, 'fewer')
  return { state, offset: offset + received, cut: next.cut }
}

function finished(state: UploadState, offset: number, cut: unknown, announced: number | undefined): Received {
  if (cut === undefined && announced !== undefined) throw sizeDiffers(announced, 'fewer')
  return { state, offset, cut }
}

/** A failure while reading from the client means that it went away; failures of the store pass by this. */
async function nextOf(iterator: AsyncIterator<Uint8Array>): Promise<Next> {
  try {
    const result = await iterator.next()
    return { bytes: result.done === true ? undefined : result.value, cut: undefined }
  } catch (error) {
    return { bytes: undefined, cut: error ?? new Error('the client went away') }
  }
}

function sizeDiffers(announced: number, how: 'more' | 'fewer'): RegistryError {
  return new RegistryError('SIZE_INVALID', {
    message: `${how} bytes came than the ${announced} that Content-Range announced; none of them counts, send the chunk again`,
  })
}
