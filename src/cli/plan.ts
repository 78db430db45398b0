import { z } from 'zod'
import { argument, type Command, type Input, type Output } from './command.ts'
import { bytes, table } from './table.ts'

const plan = z.object({
  layer: z.object({ bytes: z.number(), count: z.number() }),
  chain: z.object({ bytes: z.number(), count: z.number() }),
  layers: z.array(z.object({ digest: z.string(), size: z.number(), kept: z.boolean() })),
})

export const commands: readonly Command[] = [
  {
    words: 'plan',
    arguments: ['IMAGE'],
    summary: 'Say what a machine moves to pull an image, given those that it has.',
    options: {
      have: { value: 'IMAGE', doc: 'An image that the machine has. May be repeated.', multiple: true },
    },
    run: foresee,
  },
]

async function foresee(input: Input): Promise<Output> {
  const api = await input.context.api()
  const body = { want: argument(input, 0), have: [...(input.values.get('have') ?? [])] }
  const value = await api.call(plan, 'POST', '/api/v1/pullplan', body)
  const rows = value.layers.map(({ digest, size, kept }) => [
    kept ? 'is there' : 'moves',
    bytes(size),
    digest,
  ])
  const list = table(['', 'SIZE', 'LAYER'], rows, 'It has no layers.')
  const { layer, chain } = value
  return {
    value,
    text: `${list}\n${bytes(layer.bytes)} in ${layer.count} layers move; with docker's own store ${bytes(chain.bytes)}.`,
  }
}
