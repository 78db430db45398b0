import { assert, constantFrom, jsonValue, object, property, uint8Array } from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseDescriptor } from './descriptor.ts'
import { effectiveArtifactType, type ParsedManifest, parseManifest } from './manifest.ts'
import { DOCKER_LIST, DOCKER_MANIFEST, OCI_INDEX, OCI_MANIFEST } from './media-type.ts'

const D1 = `sha256:${'1'.repeat(64)}`
const D2 = `sha256:${'2'.repeat(64)}`
const LAYER = 'application/vnd.oci.image.layer.v1.tar+gzip'
const CONFIG = 'application/vnd.oci.image.config.v1+json'

const config = { mediaType: CONFIG, digest: D1, size: 2 }
const layer = { mediaType: LAYER, digest: D2, size: 3 }
const child = { mediaType: OCI_MANIFEST, digest: D2, size: 3 }
const image = { schemaVersion: 2, mediaType: OCI_MANIFEST, config, layers: [layer] }
const index = { schemaVersion: 2, mediaType: OCI_INDEX, manifests: [child] }

function parse(value: unknown, type = ''): ParsedManifest | string {
  return parseManifest(Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)), type)
}

function accepted(value: unknown, type = ''): ParsedManifest {
  const result = parse(value, type)
  if (typeof result === 'string') throw new Error(result)
  return result
}

/** `value` without one of its fields. */
function without(value: object, field: string): object {
  return Object.fromEntries(Object.entries(value).filter(([name]) => name !== field))
}

describe('a manifest that is accepted', () => {
  it('image', () => {
    expect(accepted(image, OCI_MANIFEST)).toMatchObject({
      mediaType: OCI_MANIFEST,
      kind: 'image',
      config: { digest: D1, size: 2, mediaType: CONFIG },
      layers: [{ digest: D2, size: 3, hasUrls: false }],
      manifests: [],
      subject: undefined,
      artifactType: undefined,
      annotations: undefined,
    })
  })

  it('index', () => {
    expect(accepted(index, OCI_INDEX)).toMatchObject({
      kind: 'index',
      manifests: [{ digest: D2 }],
      layers: [],
    })
    expect(accepted({ ...index, manifests: [] }).manifests).toEqual([])
  })

  it('docker image and list', () => {
    expect(accepted({ ...image, mediaType: DOCKER_MANIFEST }, DOCKER_MANIFEST)).toMatchObject({
      kind: 'image',
      mediaType: DOCKER_MANIFEST,
    })
    expect(accepted({ ...index, mediaType: DOCKER_LIST }, DOCKER_LIST)).toMatchObject({
      kind: 'index',
      mediaType: DOCKER_LIST,
    })
  })

  it.each(['', 'application/json'])('speaks for itself under Content-Type %j', (type) => {
    expect(accepted({ ...image, mediaType: DOCKER_MANIFEST }, type).mediaType).toBe(DOCKER_MANIFEST)
    expect(accepted(without(image, 'mediaType'), type).mediaType).toBe(OCI_MANIFEST)
    expect(accepted(without(index, 'mediaType'), type).mediaType).toBe(OCI_INDEX)
  })

  it('may leave its mediaType to the header when it is an OCI one', () => {
    expect(accepted(without(image, 'mediaType'), OCI_MANIFEST).mediaType).toBe(OCI_MANIFEST)
    expect(accepted(without(index, 'mediaType'), OCI_INDEX).mediaType).toBe(OCI_INDEX)
  })

  it('may have no layers, no annotations, and fields that nobody knows', () => {
    expect(accepted({ ...image, layers: [] }).layers).toEqual([])
    expect(
      accepted({
        ...image,
        annotations: null,
        unknown: { deep: [1] },
        config: { ...config, data: 'e30=', size: 0 },
      }).config?.size,
    ).toBe(0)
  })

  it('keeps subject, artifact type and annotations', () => {
    const parsed = accepted({
      ...image,
      subject: child,
      artifactType: 'a/b',
      annotations: { 'x.y': 'z', ['__proto__x']: '' },
    })
    expect(parsed).toMatchObject({ subject: { digest: D2, text: D2 }, artifactType: 'a/b' })
    expect(parsed.annotations).toEqual({ 'x.y': 'z', ['__proto__x']: '' })
  })

  it('sees layers that are elsewhere', () => {
    const urls = ['https://example.com/layer']
    expect(
      accepted({
        ...image,
        layers: [
          { ...layer, urls },
          { ...layer, urls: [] },
        ],
      }).layers.map(({ hasUrls }) => hasUrls),
    ).toEqual([true, false])
  })

  it('may name digests of algorithms that we do not compute', () => {
    const text = `blake3:${'a'.repeat(64)}`
    const parsed = accepted({
      ...image,
      layers: [{ ...layer, digest: text }],
      subject: { ...child, digest: 'sha256+b64u:LCa0a2j_xo-5m0U8HTBBNBNCLXBkg7-g' },
    })
    expect(parsed.layers[0]).toMatchObject({ digest: undefined, text })
    expect(parsed.subject).toMatchObject({ digest: undefined })
  })
})

describe('a manifest that is refused, and why', () => {
  const rows: [string, unknown, string, string][] = [
    ['nested brackets', '['.repeat(100), '', 'manifest nests deeper than 32 levels'],
    ['no JSON', '{', '', 'manifest is not a JSON object'],
    ['nothing', '', '', 'manifest is not a JSON object'],
    ['an array', [], '', 'manifest is not a JSON object'],
    ['null', 'null', '', 'manifest is not a JSON object'],
    ['a string', '"x"', '', 'manifest is not a JSON object'],
    ['two values', '{}{}', '', 'manifest is not a JSON object'],
    ['schema 1 by number', { schemaVersion: 1, fsLayers: [] }, '', 'docker schema 1'],
    ['schema 1 by type', image, 'application/vnd.docker.distribution.manifest.v1+json', 'docker schema 1'],
    [
      'signed schema 1',
      { schemaVersion: 1 },
      'application/vnd.docker.distribution.manifest.v1+prettyjws',
      'docker schema 1',
    ],
    ['another type', image, 'text/html', "media type 'text/html' is not a manifest type"],
    ['another own type', { ...image, mediaType: 'a/b' }, '', "media type 'a/b' is not a manifest type"],
    [
      'the old artifact type',
      { schemaVersion: 2, mediaType: 'application/vnd.oci.artifact.manifest.v1+json' },
      '',
      'is not a manifest type',
    ],
    ['no schemaVersion', without(image, 'schemaVersion'), OCI_MANIFEST, 'schemaVersion must be 2'],
    ['schemaVersion as text', { ...image, schemaVersion: '2' }, OCI_MANIFEST, 'schemaVersion must be 2'],
    ['schemaVersion 3', { ...image, schemaVersion: 3 }, OCI_MANIFEST, 'schemaVersion must be 2'],
    [
      'two types',
      image,
      OCI_INDEX,
      `mediaType in the manifest is '${OCI_MANIFEST}', Content-Type says '${OCI_INDEX}'`,
    ],
    ['docker and OCI', image, DOCKER_MANIFEST, 'Content-Type says'],
    [
      'a type that is a number',
      { ...image, mediaType: 5 },
      OCI_MANIFEST,
      'mediaType in the manifest is not a string',
    ],
    [
      'a type that is null',
      { ...image, mediaType: null },
      OCI_MANIFEST,
      'mediaType in the manifest is not a string',
    ],
    [
      'a type that cannot be shown',
      { ...image, mediaType: { toString: 1 } },
      OCI_MANIFEST,
      'mediaType in the manifest is not a string',
    ],
    [
      'a type in a list',
      { ...image, mediaType: [{ toString: null, valueOf: null }] },
      '',
      'mediaType in the manifest is not a string',
    ],
    [
      'docker without mediaType',
      without(image, 'mediaType'),
      DOCKER_MANIFEST,
      'a docker manifest must hold its mediaType',
    ],
    [
      'docker list without mediaType',
      without(index, 'mediaType'),
      DOCKER_LIST,
      'a docker manifest must hold its mediaType',
    ],
    [
      'an image that is an index',
      { ...image, manifests: [] },
      OCI_MANIFEST,
      "an image manifest may not hold 'manifests'",
    ],
    [
      'an image with manifests null',
      { ...image, manifests: null },
      OCI_MANIFEST,
      "an image manifest may not hold 'manifests'",
    ],
    [
      'an index with layers',
      { ...index, layers: [] },
      OCI_INDEX,
      "an index may not hold 'config' or 'layers'",
    ],
    [
      'an index with config',
      { ...index, config: null },
      OCI_INDEX,
      "an index may not hold 'config' or 'layers'",
    ],
    [
      'both, without a type',
      { schemaVersion: 2, manifests: [], layers: [], config },
      '',
      "an index may not hold 'config' or 'layers'",
    ],
    [
      'both, as a docker list',
      { ...image, ...index, mediaType: DOCKER_LIST },
      DOCKER_LIST,
      'an index may not hold',
    ],
    ['no config', without(image, 'config'), OCI_MANIFEST, 'config is not an object'],
    ['config of text', { ...image, config: D1 }, OCI_MANIFEST, 'config is not an object'],
    ['config in a list', { ...image, config: [config] }, OCI_MANIFEST, 'config is not an object'],
    [
      'config without type',
      { ...image, config: without(config, 'mediaType') },
      '',
      'config.mediaType is missing or not a string',
    ],
    [
      'config without digest',
      { ...image, config: without(config, 'digest') },
      '',
      'config.digest is missing or not a digest',
    ],
    [
      'config without size',
      { ...image, config: without(config, 'size') },
      '',
      'config.size is missing or not a size in bytes',
    ],
    ['layers as object', { ...image, layers: {} }, '', "must hold a list of 'layers'"],
    ['layers null', { ...image, layers: null }, '', "must hold a list of 'layers'"],
    ['no layers', without(image, 'layers'), '', "must hold a list of 'layers'"],
    ['a layer that is null', { ...image, layers: [layer, null] }, '', 'layers[1] is not an object'],
    [
      'a layer with a short digest',
      { ...image, layers: [{ ...layer, digest: 'sha256:abc' }] },
      '',
      "layers[0].digest 'sha256:abc' has the wrong length",
    ],
    [
      'a layer with upper case',
      { ...image, layers: [{ ...layer, digest: `sha256:${'A'.repeat(64)}` }] },
      '',
      'layers[0].digest',
    ],
    [
      'a layer with a path for a digest',
      { ...image, layers: [{ ...layer, digest: '../../etc/passwd' }] },
      '',
      'layers[0].digest is missing or not a digest',
    ],
    [
      'a layer with a line end',
      { ...image, layers: [{ ...layer, digest: `${D1}\n` }] },
      '',
      'layers[0].digest is missing or not a digest',
    ],
    [
      'a negative size',
      { ...image, layers: [{ ...layer, size: -1 }] },
      '',
      'layers[0].size is missing or not a size in bytes',
    ],
    ['half a byte', { ...image, layers: [{ ...layer, size: 1.5 }] }, '', 'layers[0].size'],
    ['size as text', { ...image, layers: [{ ...layer, size: '3' }] }, '', 'layers[0].size'],
    ['size beyond 2^53', { ...image, layers: [{ ...layer, size: 2 ** 53 }] }, '', 'layers[0].size'],
    [
      'index without manifests',
      { schemaVersion: 2, mediaType: OCI_INDEX },
      '',
      "an index must hold a list of 'manifests'",
    ],
    ['manifests as object', { ...index, manifests: {} }, '', 'manifests is not an array'],
    [
      'a child without digest',
      { ...index, manifests: [without(child, 'digest')] },
      '',
      'manifests[0].digest is missing or not a digest',
    ],
    ['subject of text', { ...image, subject: D1 }, '', 'subject is not an object'],
    ['subject without size', { ...image, subject: without(child, 'size') }, '', 'subject.size'],
    ['annotations in a list', { ...image, annotations: ['a'] }, '', 'annotations is not an object'],
    [
      'an annotation that is a number',
      { ...image, annotations: { a: 'b', c: 1 } },
      '',
      "annotation 'c' is not a string",
    ],
    ['artifactType as number', { ...image, artifactType: 1 }, '', 'artifactType is not a string'],
  ]
  it.each(rows)('%s', (_, value, type, part) => expect(parse(value, type)).toContain(part))

  it('text that is not UTF-8', () => {
    const bytes = Buffer.concat([Buffer.from('{"schemaVersion":2,"x":"'), Buffer.of(0xff), Buffer.from('"}')])
    expect(parseManifest(bytes, OCI_MANIFEST)).toBe('manifest is not a JSON object')
  })

  it('in one short sentence, however long what is wrong', () => {
    const long = 'x'.repeat(1_000_000)
    const hostile: [unknown, string][] = [
      [{ ...image, mediaType: long }, ''],
      [{ ...image, mediaType: long }, OCI_MANIFEST],
      [image, long],
      [{ ...image, annotations: { [long]: 1 } }, ''],
      [{ ...image, config: { ...config, digest: `sha256:${long}` } }, ''],
      [{ ...image, subject: { ...child, digest: `blake3:${long}` } }, ''],
    ]
    for (const [value, type] of hostile) {
      const problem = parse(value, type)
      expect(typeof problem === 'string' && problem.length < 500).toBe(true)
    }
  })
})

describe('a manifest that clients would read in two ways', () => {
  const text = JSON.stringify(image)
  const ending = (more: string): string => `${text.slice(0, -1)},${more}}`
  const inLayer = (more: string): string => JSON.stringify(image).replace(`"digest":"${D2}"`, `$&,${more}`)

  it.each([
    ['layers twice', ending(`"layers":[]`), "'layers' stands twice"],
    ['Layers', ending(`"Layers":[]`), "'Layers' is not 'layers'"],
    ['layers with a long s', ending(`"layer\u017f":[]`), "is not 'layers'"],
    ['layers twice, once escaped', ending(`"\\u006cayers":[]`), "'layers' stands twice"],
    ['Manifests in an image', ending(`"Manifests":[]`), "'Manifests' is not 'manifests'"],
    ['config twice', ending(`"config":${JSON.stringify(config)}`), "'config' stands twice"],
    ['two digests in a layer', inLayer(`"digest":"${D1}"`), "'digest' stands twice"],
    ['another Digest in a layer', inLayer(`"Digest":"${D1}"`), "'Digest' is not 'digest'"],
    [
      'two digests in config',
      text.replace(`"digest":"${D1}"`, `$&,"digest":"${D2}"`),
      "'digest' stands twice",
    ],
    ['a number that hides the rest', ending(`"x":${'1'.repeat(500)},"Layers":[]`), 'too long'],
  ])('is refused: %s', (_, hostile, problem) => {
    expect(parse(hostile)).toContain(problem)
    expect(parse(hostile)).toContain('manifest is ambiguous')
  })

  it('is not one whose layers have the same names, or whose annotations differ in case', () => {
    accepted({ ...image, layers: [layer, layer, layer], annotations: { Layers: 'a', layers: 'b' } })
    accepted({
      ...image,
      config: { ...config, annotations: { Digest: 'x', digest: 'y' } },
      other: { Size: 1, size: 2 },
    })
    accepted({ ...index, manifests: [{ ...child, platform: { OS: 'x', os: 'linux' } }] })
  })

  it('is not one in plain UTF-8; a byte order mark is named', () => {
    expect(parse(`\ufeff${text}`)).toContain('byte order mark')
  })
})

describe('anything at all', () => {
  it('is accepted or refused with a sentence, never with a failure', () => {
    const type = constantFrom('', 'application/json', OCI_MANIFEST, OCI_INDEX, DOCKER_MANIFEST, 'x')
    assert(property(jsonValue(), type, (value, header) => void parse(JSON.stringify(value), header)))
    assert(property(uint8Array(), type, (bytes, header) => void parseManifest(bytes, header)))
    const field = constantFrom(
      'mediaType',
      'config',
      'layers',
      'manifests',
      'subject',
      'annotations',
      'artifactType',
      'schemaVersion',
    )
    assert(
      property(field, jsonValue(), type, (name, value, header) => {
        const result = parse({ ...image, [name]: value }, header)
        if (typeof result === 'string') expect(result.length).toBeGreaterThan(5)
        else expect(result.kind === 'image' ? result.manifests : result.layers).toEqual([])
      }),
      { numRuns: 500 },
    )
  })

  it('makes a descriptor or a sentence that names the place', () => {
    assert(
      property(object(), (value) => {
        const result = parseDescriptor(value, 'layers[7]')
        if (typeof result === 'string') expect(result).toContain('layers[7]')
      }),
    )
    for (const value of [null, undefined, 1, 'x', [], true])
      expect(parseDescriptor(value, 'x')).toBe('x is not an object')
  })
})

describe('effectiveArtifactType', () => {
  it('is the own one, else the config type of an image, else none', () => {
    expect(effectiveArtifactType(accepted({ ...image, artifactType: 'a/b' }))).toBe('a/b')
    expect(effectiveArtifactType(accepted(image))).toBe(CONFIG)
    expect(effectiveArtifactType(accepted({ ...image, artifactType: '' }))).toBe(CONFIG)
    expect(effectiveArtifactType(accepted(index))).toBeUndefined()
    expect(effectiveArtifactType(accepted({ ...index, artifactType: 'a/b' }))).toBe('a/b')
    expect(effectiveArtifactType(accepted({ ...index, artifactType: '' }))).toBeUndefined()
  })
})
