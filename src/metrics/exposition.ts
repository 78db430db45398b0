import { Counter, Histogram } from './instruments.ts'

/** Names and values that tell the samples of one metric apart. */
export type Labels = Readonly<Record<string, string>>

/** One measured value, and what it is of. */
export type Sample = readonly [labels: Labels, value: number | Counter | Histogram]

/** All samples under one name. They are gathered when somebody asks, and may be read from the stores then. */
export interface Metric {
  /** Ends with its unit, and with `_total` when it only grows. */
  readonly name: string
  readonly type: 'counter' | 'gauge' | 'histogram' | 'summary'
  readonly help: string
  readonly samples: () => readonly Sample[] | Promise<readonly Sample[]>
}

/** Of the text below, for the header. */
export const EXPOSITION_TYPE = 'text/plain; version=0.0.4; charset=utf-8'

/** The metrics in the text format of Prometheus. One that cannot be gathered now is left out; `failed` is told why. */
export async function exposition(
  metrics: readonly Metric[],
  failed: (error: unknown, name: string) => void,
): Promise<string> {
  const gathered = await Promise.all(
    metrics.map(async (metric) => {
      try {
        return text(metric, await metric.samples())
      } catch (error) {
        failed(error, metric.name)
        return ''
      }
    }),
  )
  return gathered.join('')
}

function text({ name, type, help }: Metric, samples: readonly Sample[]): string {
  const lines = samples.flatMap(([labels, value]) =>
    value instanceof Histogram ? histogramLines(name, labels, value) : [line(name, labels, numberOf(value))],
  )
  return [`# HELP ${name} ${escaped(help)}`, `# TYPE ${name} ${type}`, ...lines, ''].join('\n')
}

function numberOf(value: number | Counter): number {
  return value instanceof Counter ? value.value : value
}

/** Buckets count what is at most their end, so each includes those before it. */
function histogramLines(name: string, labels: Labels, { bounds, counts, sum }: Histogram): string[] {
  let below = 0
  const buckets = [...counts].map((count, at) => {
    below += count
    const end = bounds[at]
    return line(`${name}_bucket`, { ...labels, le: end === undefined ? '+Inf' : String(end) }, below)
  })
  return [...buckets, line(`${name}_sum`, labels, sum), line(`${name}_count`, labels, below)]
}

function line(name: string, labels: Labels, value: number): string {
  const pairs = Object.entries(labels).map(
    ([label, of]) => `${label}="${escaped(of).replaceAll('"', String.raw`\"`)}"`,
  )
  return `${name}${pairs.length === 0 ? '' : `{${pairs.join(',')}}`} ${value}`
}

function escaped(words: string): string {
  return words.replaceAll('\\', String.raw`\\`).replaceAll('\n', String.raw`\n`)
}
