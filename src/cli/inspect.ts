import { z } from 'zod'
import { argument, type Command, type Input, type Output, optionValue } from './command.ts'
import { bytes, table } from './table.ts'

const image = z.looseObject({
  ref: z.string(),
  platform: z.string().nullable(),
  created: z.string().nullable(),
  steps: z.array(
    z.looseObject({
      step: z.number(),
      instruction: z.string().nullable(),
      createdBy: z.string().nullable(),
      layer: z.looseObject({ size: z.number(), files: z.number().nullable(), digest: z.string() }).nullable(),
    }),
  ),
  totals: z.looseObject({ layers: z.number(), size: z.number(), files: z.number().nullable() }),
  warnings: z.array(z.string()),
})
type Image = z.infer<typeof image>

/** Characters of a step's command that a table shows; --json has all. */
const SHOWN = 100

export const commands: readonly Command[] = [
  {
    words: 'inspect',
    arguments: ['IMAGE'],
    summary: 'Show an image step by step, with the layer that each step made.',
    details: `An image is named project/name:tag or project/name@sha256:…, without a host. Files are counted once the layer
was looked into, which this asks for; FILES is empty until then. --json has everything, whole commands included.`,
    options: { platform: { value: 'PLATFORM', doc: 'Which one of an index: linux/arm64.' } },
    run: inspect,
  },
]

async function inspect(input: Input): Promise<Output> {
  const platform = optionValue(input, 'platform')
  const query = new URLSearchParams({ ref: argument(input, 0), ...(platform !== undefined && { platform }) })
  const api = await input.context.api()
  const value = await api.call(image, 'GET', `/api/v1/image?${query.toString()}`)
  return { value, text: show(value) }
}

function show({ ref, platform, created, steps, totals, warnings }: Image): string {
  const rows = steps.map(({ step, instruction, createdBy, layer }) => [
    String(step),
    layer === null ? '' : bytes(layer.size),
    layer?.files === null || layer === null ? '' : String(layer.files),
    oneLine(instruction, createdBy),
  ])
  const files = totals.files === null ? '' : `, ${totals.files} files`
  return [
    `${ref}${platform === null ? '' : `, ${platform}`}${created === null ? '' : `, made ${created}`}`,
    table(['STEP', 'SIZE', 'FILES', 'WHAT IT DID'], rows, 'It has no steps.'),
    `${totals.layers} layers, ${bytes(totals.size)}${files}.`,
    ...warnings.map((warning) => `Warning: ${warning}`),
  ].join('\n')
}

function oneLine(instruction: string | null, createdBy: string | null): string {
  return (createdBy ?? instruction ?? '').replace(/\s+/g, ' ').slice(0, SHOWN)
}
