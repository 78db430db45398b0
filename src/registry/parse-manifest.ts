import { isUtf8 } from 'node:buffer'
import { setImmediate } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import { leanManifest } from '../oci/lean-manifest.ts'
import { type ParsedManifest, parseManifest } from '../oci/manifest.ts'

/** Bytes above which a manifest is made lean first, and parsed in a worker if that does not help. */
const LARGE = 256 * 1024

/** An idle worker ends after this time, so that it costs memory only while large manifests come. */
const IDLE_MS = 10_000

/** Megabytes of heap: 4 MiB of JSON in its most wasteful shapes fit, and a small young generation keeps the rest low. */
const LIMITS = { maxOldGenerationSizeMb: 128, maxYoungGenerationSizeMb: 4 }

interface Waiting {
  readonly resolve: (result: ParsedManifest | string) => void
  readonly reject: (error: unknown) => void
}

let worker: Worker | undefined
let idle: NodeJS.Timeout | undefined
let sequence = 0
const waiting = new Map<number, Waiting>()

/** As parseManifest, without holding up other requests when the manifest is large; annotations only of referrers. */
export async function parseManifestAside(
  bytes: Uint8Array,
  headerType: string,
): Promise<ParsedManifest | string> {
  if (bytes.length <= LARGE) return parseManifest(bytes, headerType)
  const lean = isUtf8(bytes) ? await finish(leanManifest(bytes)) : bytes
  if (typeof lean === 'string') return lean
  return lean.length <= LARGE ? parseManifest(lean, headerType) : parseInWorker(lean, headerType)
}

/** Others get their turn wherever the work pauses. */
async function finish<Result>(work: Generator<undefined, Result>): Promise<Result> {
  for (;;) {
    const step = work.next()
    if (step.done === true) return step.value
    await setImmediate()
  }
}

function parseInWorker(bytes: Uint8Array, headerType: string): Promise<ParsedManifest | string> {
  clearTimeout(idle)
  worker ??= startWorker()
  const id = (sequence += 1)
  const result = new Promise<ParsedManifest | string>((resolve, reject) =>
    waiting.set(id, { resolve, reject }),
  )
  worker.postMessage({ id, bytes, headerType })
  return result
}

function startWorker(): Worker {
  const started = new Worker(new URL('./parse-manifest-worker.ts', import.meta.url), {
    resourceLimits: LIMITS,
  })
  // Not before: coming online, a worker holds the process again.
  started.once('online', () => started.unref())
  started.on('message', (message: { id: number; result: ParsedManifest | string }) => {
    waiting.get(message.id)?.resolve(message.result)
    waiting.delete(message.id)
    if (waiting.size === 0) idle = setTimeout(() => retire(started), IDLE_MS).unref()
  })
  started.on('error', (error) => fail(started, error))
  started.on('exit', (code) => fail(started, new Error(`manifest worker ended with code ${code}`)))
  return started
}

/** From here on nobody is given to it: what came while it ends would be lost with it. */
function retire(tired: Worker): void {
  if (worker === tired) worker = undefined
  void tired.terminate()
}

function fail(ended: Worker, error: unknown): void {
  if (worker !== ended) return
  worker = undefined
  for (const one of waiting.values()) one.reject(error)
  waiting.clear()
}
