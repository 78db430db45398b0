import { z } from 'zod'
import type { Command, Input, Output } from './command.ts'

const rotated = z.object({ kid: z.string() })

export const commands: readonly Command[] = [
  {
    words: 'keys rotate',
    summary: 'Sign tokens with a new key from now on.',
    details: `Tokens signed with the old key stay good until they end, and running pushes go on. After a theft, --revoke
drops the old keys with every token that they signed: clients ask for new ones, running pushes have to begin again.`,
    options: { revoke: { doc: 'The old keys count no more, from now on.' } },
    run: rotate,
  },
]

async function rotate({ context, switches }: Input): Promise<Output> {
  const revoke = switches.has('revoke')
  const api = await context.api()
  const value = await api.call(rotated, 'POST', '/api/v1/keys/rotate', revoke ? { revoke } : {})
  const old = revoke ? 'The old keys count no more.' : 'Tokens signed before stay good until they end.'
  return { value, text: `Tokens are signed with key ${value.kid} from now on. ${old}` }
}
