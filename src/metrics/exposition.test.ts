import { expect, test } from 'vitest'
import { exposition, type Metric } from './exposition.ts'
import { Counter, Histogram } from './instruments.ts'

const silent = () => undefined

function metric(parts: Partial<Metric>): Metric {
  return { name: 'things_total', type: 'counter', help: 'Things.', samples: () => [], ...parts }
}

test('a sample is a line with its labels', async () => {
  const counter = new Counter()
  counter.add()
  counter.add(2)
  const samples: Metric['samples'] = () => [
    [{}, 4],
    [{ kind: 'a', of: 'b' }, counter],
  ]
  expect(await exposition([metric({ samples })], silent)).toBe(
    '# HELP things_total Things.\n# TYPE things_total counter\nthings_total 4\nthings_total{kind="a",of="b"} 3\n',
  )
})

// "label_value can be any sequence of UTF-8 characters, but the backslash (\), double-quote ("), and line feed (\n)
// characters have to be escaped"
test('what has a meaning in the format is escaped', async () => {
  const text = await exposition(
    [metric({ help: 'a\\b\nc', samples: () => [[{ name: 'x"y\\z\n' }, 1]] })],
    silent,
  )
  expect(text).toContain('# HELP things_total a\\\\b\\nc\n')
  expect(text).toContain('things_total{name="x\\"y\\\\z\\n"} 1\n')
})

test('buckets of a histogram include those before them, its end included in each', async () => {
  const seconds = new Histogram([0.1, 1])
  for (const value of [0.05, 0.1, 0.5, 20]) seconds.observe(value)
  const text = await exposition(
    [metric({ name: 'took_seconds', type: 'histogram', samples: () => [[{ call: 'read' }, seconds]] })],
    silent,
  )
  expect(text.split('\n').slice(2)).toEqual([
    'took_seconds_bucket{call="read",le="0.1"} 2',
    'took_seconds_bucket{call="read",le="1"} 3',
    'took_seconds_bucket{call="read",le="+Inf"} 4',
    'took_seconds_sum{call="read"} 20.65',
    'took_seconds_count{call="read"} 4',
    '',
  ])
})

test('one that cannot be gathered takes no other along', async () => {
  const failed: string[] = []
  const broken = metric({ name: 'broken', samples: () => Promise.reject(new Error('no store')) })
  const text = await exposition([broken, metric({ samples: () => [[{}, 1]] })], (_error, name) => {
    failed.push(name)
  })
  expect(text).toContain('things_total 1')
  expect(text).not.toContain('broken')
  expect(failed).toEqual(['broken'])
})
