import { mkdir, rm } from 'node:fs/promises'
import type { BlobReader } from '../../../storage/blobs/blob-store.ts'
import { StoreDamaged } from '../../../storage/store-errors.ts'
import { feedPieces } from './feed-pieces.ts'
import type { Done, LayerThread, Task } from './layer-thread.ts'
import type { LayerThreads } from './layer-threads.ts'
import { LayerVerdict } from './verdict.ts'

export interface LayerJob {
  /** Its directory is made, used and removed again. */
  readonly task: Task
  readonly milliseconds: number
  /** Told the number of bytes read so far. */
  readonly onProgress: (bytes: number) => void
  readonly signal: AbortSignal
}

/**
 * Reads a layer in a thread beside the server's and gives `use` what came of it, whose file is gone afterwards. Rejects with
 * LayerVerdict when that takes too long or too much memory.
 */
export async function readAside<Result>(
  threads: LayerThreads,
  reader: BlobReader,
  job: LayerJob,
  use: (done: Done) => Promise<Result>,
): Promise<Result> {
  const { directory } = job.task
  await mkdir(directory, { recursive: true })
  try {
    return await use(await read(threads, reader, job))
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}

async function read(threads: LayerThreads, reader: BlobReader, job: LayerJob): Promise<Done> {
  const { milliseconds } = job
  const thread = threads.take()
  const timer = setTimeout(() => {
    thread.stop(new LayerVerdict('too-large', `reading it took longer than ${milliseconds} ms`))
  }, milliseconds)
  try {
    const done = await feed(reader, thread, job)
    // Whatever a strange layer left in it goes with the thread.
    if (done.what === 'index' && done.result.verdict !== undefined) await thread.end()
    else threads.giveBack(thread)
    return done
  } catch (error) {
    await thread.end()
    throw error
  } finally {
    clearTimeout(timer)
  }
}

async function feed(
  reader: BlobReader,
  thread: LayerThread,
  { task, onProgress, signal }: LayerJob,
): Promise<Done> {
  await thread.ask({ kind: 'begin', task })
  await (reader.file === undefined
    ? feedPieces(reader, thread, { onProgress, signal })
    : letRead(reader, reader.file, thread, { onProgress, signal }))
  signal.throwIfAborted()
  const done = await thread.ask({ kind: 'end' })
  if (done.kind !== 'done') throw new TypeError('the thread that reads a layer did not end')
  return done
}

/** The server's thread neither reads nor copies a byte: requests feel less of it. */
async function letRead(
  reader: BlobReader,
  file: string,
  thread: LayerThread,
  { onProgress, signal }: Pick<LayerJob, 'onProgress' | 'signal'>,
): Promise<void> {
  try {
    await thread.ask({ kind: 'open', file })
  } finally {
    await reader.close()
  }
  for (let isOver = false; !isOver; ) {
    signal.throwIfAborted()
    const went = await thread.ask({ kind: 'go-on' })
    if (went.kind !== 'went-on') throw new TypeError('the thread that reads a layer did not go on')
    if (went.atEnd && went.read < reader.size)
      throw new StoreDamaged(`a blob's file ends at ${went.read}, expected ${reader.size} bytes`)
    onProgress(went.read)
    isOver = went.over
  }
}
