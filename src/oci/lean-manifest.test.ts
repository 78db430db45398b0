import {
  array,
  assert,
  constantFrom,
  type JsonValue,
  json,
  jsonValue,
  oneof,
  property,
  record,
  string,
  tuple,
} from 'fast-check'
import { describe, expect, it } from 'vitest'
import { scanJson } from './json-scan.ts'
import { leanManifest } from './lean-manifest.ts'
import { parseManifest } from './manifest.ts'
import { OCI_MANIFEST } from './media-type.ts'

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text)

/** What a generator gives in the end, however often it pauses. */
function ended<Result>(work: Generator<undefined, Result>): { result: Result; pauses: number } {
  for (let pauses = 0; ; pauses++) {
    const step = work.next()
    if (step.done === true) return { result: step.value, pauses }
  }
}

const verdictOn = (text: string) =>
  ended(scanJson(bytesOf(text), { key: () => undefined, value: () => undefined })).result

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

describe('scanJson', () => {
  it('says of every text what JSON.parse says', () => {
    const damaged = tuple(
      json({ maxDepth: 5 }),
      array(constantFrom(...'{}[],:"\\u0e1-+.tfn \t\n\u0001é'.split('')), { maxLength: 3 }),
    ).map(([text, extra]) => {
      const at = Math.floor(text.length / 2)
      return text.slice(0, at) + extra.join('') + text.slice(at + extra.length)
    })
    assert(
      property(oneof(json({ maxDepth: 5 }), damaged), (text) => {
        expect(verdictOn(text)).toBe(isJson(text) ? 'valid' : 'invalid')
      }),
      { numRuns: 3000 },
    )
  })

  it.each([
    '',
    ' ',
    '{',
    '}',
    '[]]',
    '{}{}',
    '[1,]',
    '[,1]',
    '{"a"}',
    '{"a":}',
    '{"a":1,}',
    '{,}',
    '{1:2}',
    '[1 2]',
    '"',
    '"\\',
    '"\\x"',
    '"\\u12"',
    '"\\u12G4"',
    '"\\u12é4"',
    '"\u001f"',
    '"\t"',
    'tru',
    'truex',
    'nulll',
    '01',
    '1.',
    '.5',
    '1e',
    '-',
    '+1',
    '--1',
    '0',
    '-0',
    '1e5',
    '1E+5',
    '-0.5e-10',
    'true',
    'null',
    ' [ ] ',
    '{"a":{"b":[{}]}}',
    '"\\ud800\\u00e9\\/"',
    '"é\u007f"',
    '\ufeff{}',
  ])('judges %j', (text) => {
    expect(verdictOn(text)).toBe(isJson(text) ? 'valid' : 'invalid')
  })

  it('refuses what nests too deep, at once, and what only seems to does not matter', () => {
    expect(verdictOn('['.repeat(32) + ']'.repeat(32))).toBe('valid')
    expect(verdictOn('['.repeat(33) + ']'.repeat(33))).toBe('too deep')
    expect(verdictOn('['.repeat(4_000_000))).toBe('too deep')
    expect(verdictOn(JSON.stringify('['.repeat(100)))).toBe('valid')
  })

  it('pauses, so that others get their turn', () => {
    const text = JSON.stringify(Array.from({ length: 50_000 }, (_, index) => index))
    const { result, pauses } = ended(
      scanJson(bytesOf(text), { key: () => undefined, value: () => undefined }),
    )
    expect(result).toBe('valid')
    expect(pauses).toBeGreaterThan(2)
  })
})

const descriptor = {
  mediaType: 'application/vnd.oci.empty.v1+json',
  size: 2,
  digest: `sha256:${'0'.repeat(64)}`,
}
const manifest = { schemaVersion: 2, mediaType: OCI_MANIFEST, config: descriptor, layers: [descriptor] }
const read = (value: unknown) => parseManifest(bytesOf(JSON.stringify(value)), OCI_MANIFEST)

function lean(text: string): { text: string; parsed: unknown } {
  const rest = ended(leanManifest(bytesOf(text))).result
  if (typeof rest === 'string') return { text: '', parsed: rest }
  return { text: new TextDecoder().decode(rest), parsed: parseManifest(rest, OCI_MANIFEST) }
}

describe('leanManifest', () => {
  it('leaves out annotations and what nobody reads', () => {
    const full = { padding: { deep: [1, '}'] }, ...manifest, annotations: { a: 'x', b: '"}' }, more: null }
    const { text, parsed } = lean(JSON.stringify(full))
    expect(JSON.parse(text)).toEqual({ ...manifest, annotations: {} })
    expect(parsed).toEqual(read({ ...manifest, annotations: {} }))
  })

  it('keeps annotations that are not right, so that they are refused as ever', () => {
    for (const annotations of [{ a: 'x', b: 1 }, { a: {} }, ['x'], 'x', null])
      expect(lean(JSON.stringify({ ...manifest, annotations })).parsed).toEqual(
        read({ ...manifest, annotations }),
      )
  })

  it('keeps all of a manifest with a subject, or with names spelled in another way', () => {
    for (const text of [
      JSON.stringify({ ...manifest, annotations: { a: 'x' }, subject: descriptor }),
      JSON.stringify({ ...manifest, annotations: { a: 'x' } }).replace(
        '"annotations"',
        '"\\u0061nnotations"',
      ),
      JSON.stringify({ ...manifest, Layers: [] }),
      '[1,{"annotations":{"a":"x"}}]',
      '5',
    ])
      expect(lean(text).text).toBe(text)
  })

  it('says that a manifest nests too deep, and leaves what is no JSON as it is', () => {
    expect(lean(`{"a":${'['.repeat(40)}`).parsed).toBe('manifest nests deeper than 32 levels')
    for (const text of ['{"a":', '{"annotations":{"a":"x"},}', `{"a":${'1'.repeat(500)}}`])
      expect(lean(text).text).toBe(text)
  })

  it('changes nothing in what is read, whatever else stands in the manifest', () => {
    const anything = jsonValue({ maxDepth: 2 })
    const texts = array(tuple(constantFrom('a', 'b', 'c'), oneof(string(), anything))).map((entries) =>
      Object.fromEntries<JsonValue>(entries),
    )
    const extra = record(
      {
        annotations: oneof(texts, anything),
        other: anything,
        artifactType: oneof(string(), anything),
        layers: anything,
        config: anything,
      },
      { requiredKeys: [] },
    )
    assert(
      property(extra, (more) => {
        const text = JSON.stringify({
          ...more,
          ...manifest,
          ...(more.layers !== undefined && { layers: more.layers }),
        })
        const [whole, part] = [parseManifest(bytesOf(text), OCI_MANIFEST), lean(text).parsed]
        const shown = (parsed: unknown) =>
          typeof parsed === 'object' ? { ...parsed, annotations: undefined } : parsed
        expect(shown(part)).toEqual(shown(whole))
      }),
    )
  })
})
