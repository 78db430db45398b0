import { expect, it } from 'vitest'
import { type Descriptor, parseDescriptor } from '../oci/descriptor.ts'
import { type ImageConfig, parseImageConfig } from './image-config.ts'
import { parseConfigAside } from './parse-config.ts'
import { joinSteps } from './steps.ts'

/** Configs that nobody's builder wrote (H27), and manifests that they do not fit (H28). */
const DIGEST = `sha256:${'ab'.repeat(32)}`

function layers(count: number): Descriptor[] {
  return Array.from({ length: count }, () => {
    const parsed = parseDescriptor({ mediaType: 'x', digest: DIGEST, size: 10 }, 'layer')
    if (typeof parsed === 'string') throw new TypeError(parsed)
    return parsed
  })
}

function config(value: unknown): ImageConfig | undefined {
  return parseImageConfig(Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)))
}

it.each([
  ['deep brackets', '['.repeat(4_000_000)],
  ['deep objects', '{"a":'.repeat(700_000)],
  ['an object too deep to be a config', `{"config":${'['.repeat(40)}${']'.repeat(40)}}`],
  ['text', 'no JSON'],
  ['a list', '[]'],
  ['nothing', ''],
])('no config is %s', (_, text) => {
  expect(config(text)).toBeUndefined()
})

it('takes what is of a wrong type for absent', () => {
  const parsed = config({
    os: 7,
    created: ['now'],
    history: [7, null, { created_by: {}, empty_layer: 'yes' }],
    rootfs: { diff_ids: [DIGEST, 7, 'sha256:ab', null] },
    config: { Env: 'A=b', Labels: { a: 1 }, ExposedPorts: 7 },
  })
  expect(parsed?.os).toBeUndefined()
  expect(parsed?.history).toHaveLength(3)
  expect(parsed?.diffIds).toEqual([DIGEST, undefined, undefined, undefined])
  expect(parsed?.run).toMatchObject({ env: undefined, labels: undefined })
})

it('shows so much of a long history, and says so', () => {
  const parsed = config({ history: Array.from({ length: 50_000 }, () => ({ empty_layer: true })) })
  const { steps, warnings } = joinSteps(parsed, layers(1))
  expect(steps).toHaveLength(10_001)
  expect(warnings.join()).toContain('the history has 50000 steps')
})

it('keeps the first ten thousand of a million entries, labels and variables', () => {
  const parsed = config(
    `{"history":[${'{},'.repeat(100_000)}{}],"config":{"Env":[${'"A",'.repeat(20_000)}"B"],"Labels":{${Array.from(
      { length: 20_000 },
      (_, at) => `"l${at}":""`,
    ).join(',')}}}}`,
  )
  expect(parsed?.history).toHaveLength(10_000)
  expect(parsed?.historyLength).toBe(100_001)
  expect(parsed?.run.env).toHaveLength(10_000)
  expect(Object.keys(parsed?.run.labels ?? {})).toHaveLength(10_000)
})

it('parses a config of megabytes while others have their turn', async () => {
  let [turns, over] = [0, false]
  const another = () => {
    if (over) return
    turns += 1
    setImmediate(another)
  }
  setImmediate(another)
  const parsed = await parseConfigAside(Buffer.from(`{"history":[${'{},'.repeat(300_000)}{}]}`))
  over = true
  expect(parsed?.historyLength).toBe(300_001)
  expect(turns).toBeGreaterThan(10)
})

it('shows so many layers that no history speaks of, and says so', () => {
  const { steps, warnings } = joinSteps(config({ history: [{}, {}] }), layers(20_000))
  expect(steps).toHaveLength(10_002)
  expect(warnings.join()).toContain('layers in the manifest: 20000; the first 10002 are shown')
})

it('cuts an instruction of megabytes', () => {
  const parsed = config({
    history: [{ created_by: `RUN ${'x'.repeat(3_000_000)}`, created: 'y'.repeat(9000) }],
  })
  const [step] = joinSteps(parsed, layers(1)).steps
  expect(step?.instruction).toHaveLength(4096)
  expect(step?.createdBy).toHaveLength(4096)
  expect(step?.created).toHaveLength(64)
})

it('flags what does not fit together, and counts a layer at each of its places', () => {
  const parsed = config({ history: [{}, {}, {}], rootfs: { diff_ids: [DIGEST] } })
  const { steps, warnings } = joinSteps(parsed, layers(2))
  expect(steps.map(({ layer }) => layer?.cumulative)).toEqual([10, 20, undefined])
  expect(warnings).toEqual([
    'diff_ids in the config: 1; layers in the manifest: 2',
    'layers in the history: 3; in the manifest: 2',
  ])
})
