import { z } from 'zod'
import type { Command } from './command.ts'

const health = z.object({ status: z.string() })

export const commands: readonly Command[] = [
  {
    words: 'status',
    summary: 'Show whether the server is alive and ready; fails when it is not.',
    details: `For supervisors and health checks of containers: it needs no password on the server's own machine. The exit
code is 0 when all is well, 1 when the server answers that it is not ready, 3 when it does not answer.`,
    options: {
      live: { doc: 'Ask only whether the process answers: a server that waits for its stores is alive.' },
    },
    run: async ({ context, switches }) => {
      const api = await context.api()
      const live = switches.has('live')
      const { status } = await api.call(health, 'GET', live ? '/healthz' : '/readyz')
      return { value: { status }, text: live ? 'The server is alive.' : 'The server is ready.' }
    },
  },
]
