import { SideThread } from '../../storage/side-thread.ts'
import { type ImageConfig, parseImageConfig } from './image-config.ts'

/** Bytes above which a config is parsed in a thread. */
const LARGE = 256 * 1024

/** A config, and what can be made of it. */
export interface ConfigWork {
  readonly task: Uint8Array
  readonly answer: ImageConfig | undefined
}

const thread = new SideThread<ConfigWork>({
  module: new URL('./parse-config-worker.ts', import.meta.url),
  purpose: 'parses large configs of images',
  // 4 MiB of JSON in its most wasteful shapes fit.
  limits: { maxOldGenerationSizeMb: 256, maxYoungGenerationSizeMb: 8 },
  idleMs: 10_000,
})

/** As parseImageConfig, without holding up other requests when the config is large. */
export async function parseConfigAside(bytes: Uint8Array): Promise<ImageConfig | undefined> {
  return bytes.length <= LARGE ? parseImageConfig(bytes) : thread.ask(bytes)
}
