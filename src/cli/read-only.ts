import { z } from 'zod'
import { type Command, type Input, type Output, optionValue } from './command.ts'

const PATH = '/api/v1/read-only'

const state = z.object({ readOnly: z.boolean(), reason: z.string().nullish() })

export const commands: readonly Command[] = [
  {
    words: 'read-only on',
    summary: 'Refuse pushes and deletes with 503; pulls go on.',
    options: {
      reason: { value: 'TEXT', doc: 'What clients are told, such as "moving to new disks until 14:00".' },
    },
    run: async (input) => {
      const reason = optionValue(input, 'reason')
      return change(input, { readOnly: true, ...(reason !== undefined && { reason }) })
    },
  },
  {
    words: 'read-only off',
    summary: 'Take writes again.',
    run: (input) => change(input, { readOnly: false }),
  },
  { words: 'read-only show', summary: 'Show whether writes are refused.', run: (input) => ask(input, 'GET') },
]

function change(input: Input, body: { readOnly: boolean; reason?: string }): Promise<Output> {
  return ask(input, 'PUT', body)
}

async function ask({ context }: Input, method: string, body?: unknown): Promise<Output> {
  const api = await context.api()
  const value = await api.call(state, method, PATH, body)
  const reason = value.reason ? ` (${value.reason})` : ''
  return {
    value,
    text: value.readOnly ? `The registry refuses writes${reason}.` : 'The registry takes writes.',
  }
}
