import { isUtf8 } from 'node:buffer'
import { setImmediate } from 'node:timers/promises'
import { SideThread } from '../../storage/side-thread.ts'
import { leanManifest } from '../oci/lean-manifest.ts'
import { type ParsedManifest, parseManifest } from '../oci/manifest.ts'

/** Bytes above which a manifest is made lean first, and parsed in a worker if that does not help. */
const LARGE = 256 * 1024

/** A manifest and the media type that its header names; a sentence says why it is none. */
export interface ParseWork {
  readonly task: { readonly bytes: Uint8Array; readonly headerType: string }
  readonly answer: ParsedManifest | string
}

const thread = new SideThread<ParseWork>({
  module: new URL('./parse-manifest-worker.ts', import.meta.url),
  purpose: 'parses large manifests',
  // 4 MiB of JSON in its most wasteful shapes fit, and a small young generation keeps the rest low.
  limits: { maxOldGenerationSizeMb: 128, maxYoungGenerationSizeMb: 4 },
  idleMs: 10_000,
})

/** As parseManifest, without holding up other requests when the manifest is large; annotations only of referrers. */
export async function parseManifestAside(
  bytes: Uint8Array,
  headerType: string,
): Promise<ParsedManifest | string> {
  if (bytes.length <= LARGE) return parseManifest(bytes, headerType)
  const lean = isUtf8(bytes) ? await finish(leanManifest(bytes)) : bytes
  if (typeof lean === 'string') return lean
  return lean.length <= LARGE ? parseManifest(lean, headerType) : thread.ask({ bytes: lean, headerType })
}

/** Others get their turn wherever the work pauses. */
async function finish<Result>(work: Generator<undefined, Result>): Promise<Result> {
  for (;;) {
    const step = work.next()
    if (step.done === true) return step.value
    await setImmediate()
  }
}
