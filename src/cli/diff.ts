import { z } from 'zod'
import { argument, type Command, type Input, type Output } from './command.ts'
import { bytes, table } from './table.ts'

const layers = z.array(z.object({ digest: z.string(), size: z.number() }))
const comparison = z.object({
  layers: z.object({ shared: layers, onlyA: layers, onlyB: layers }),
})

export const commands: readonly Command[] = [
  {
    words: 'diff',
    arguments: ['IMAGE', 'OTHER'],
    summary: 'Compare two images: which layers they share, and which only one has.',
    details: 'An image is named project/name:tag or project/name@sha256:…, without a host.',
    run: compare,
  },
]

async function compare(input: Input): Promise<Output> {
  const query = new URLSearchParams({ a: argument(input, 0), b: argument(input, 1) })
  const api = await input.context.api()
  const value = await api.call(comparison, 'GET', `/api/v1/compare?${query.toString()}`)
  const { shared, onlyA, onlyB } = value.layers
  const named = (who: string, of: z.infer<typeof layers>) =>
    of.map(({ digest, size }) => [who, bytes(size), digest])
  const rows = [
    ...named('both', shared),
    ...named(argument(input, 0), onlyA),
    ...named(argument(input, 1), onlyB),
  ]
  return { value, text: table(['IN', 'SIZE', 'LAYER'], rows, 'Neither has a layer.') }
}
