import { z } from 'zod'
import type { Command, Input, Output } from './command.ts'

const PATH = '/api/v1/scrub'

const pass = z.object({
  begun: z.string().optional(),
  blobs: z.number().optional(),
  bytes: z.number().optional(),
  damaged: z.number().optional(),
  finished: z.string().optional(),
})

export const commands: readonly Command[] = [
  {
    words: 'scrub start',
    summary: 'Read every stored byte again, beginning now.',
    details: `Blobs whose bytes are not what they should be are quarantined: \`lamina damaged\` lists them, and the next push
of such a blob heals it. LAMINA_SCRUB_RATE says how fast, LAMINA_SCRUB_EVERY how often it happens by itself.`,
    run: (input) => ask(input, 'POST'),
  },
  { words: 'scrub show', summary: 'Show how far it is.', run: (input) => ask(input, 'GET') },
]

async function ask({ context }: Input, method: 'GET' | 'POST'): Promise<Output> {
  const api = await context.api()
  const value = await api.call(pass, method, PATH)
  return { value, text: describe(value) }
}

function describe({ begun, blobs = 0, bytes = 0, damaged = 0, finished }: z.infer<typeof pass>): string {
  if (begun === undefined) return 'No scrub was begun yet. `lamina scrub start` begins one.'
  const state = finished === undefined ? 'under way' : `finished ${finished}`
  return `Begun ${begun}, ${state}: ${blobs} blobs, ${bytes} bytes read, ${damaged} damaged.`
}
