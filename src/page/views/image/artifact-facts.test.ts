import { expect, test } from 'vitest'
import { artifactFacts, parsedJson } from './artifact-facts.ts'

const HEX = 'ab'.repeat(32)
const STATEMENT = {
  _type: 'https://in-toto.io/Statement/v0.1',
  predicateType: 'https://slsa.dev/provenance/v0.2',
  subject: [{ name: 'pkg:docker/app', digest: { sha256: HEX } }],
  predicate: {
    builder: { id: 'https://ci.example.org' },
    materials: Array.from({ length: 7 }, (_, index) => ({ uri: `pkg:${index}` })),
  },
}
const SAID = [
  ['says', 'https://slsa.dev/provenance/v0.2'],
  ['about', 'pkg:docker/app, abababababab'],
  ['built by', 'https://ci.example.org'],
  ['built from', 'pkg:0, pkg:1, pkg:2, pkg:3, pkg:4, 2 more'],
]

test.each([
  [
    { spdxVersion: 'SPDX-2.3', name: 'app', packages: [{}], creationInfo: { creators: ['Tool: syft', 7] } },
    [
      ['form', 'bill of materials, SPDX-2.3'],
      ['of', 'app'],
      ['holds', '1 package'],
      ['made by', 'Tool: syft'],
    ],
  ],
  [
    { bomFormat: 'CycloneDX', specVersion: '1.5', metadata: { component: { name: 'app', version: '2' } } },
    [
      ['form', 'bill of materials, CycloneDX 1.5'],
      ['of', 'app, 2'],
      ['holds', '0 components'],
    ],
  ],
  [STATEMENT, SAID],
  [
    {
      payloadType: 'application/vnd.in-toto+json',
      payload: btoa(JSON.stringify(STATEMENT)),
      signatures: [{ sig: 'x' }],
    },
    [['form', 'signed envelope of application/vnd.in-toto+json'], ['signatures', '1 signature'], ...SAID],
  ],
  [
    {
      critical: {
        type: 'cosign container image signature',
        identity: { 'docker-reference': 'host/app' },
        image: { 'docker-manifest-digest': `sha256:${HEX}` },
      },
    },
    [
      ['form', 'cosign container image signature'],
      ['of', 'host/app, abababababab'],
    ],
  ],
  [
    {
      payload: Buffer.from(
        JSON.stringify({ targetArtifact: { mediaType: 'a/b', digest: `sha256:${'ab'.repeat(32)}` } }),
      ).toString('base64url'),
      protected: Buffer.from(
        JSON.stringify({ alg: 'PS256', 'io.cncf.notary.signingTime': '2026-11-27T09:00:00Z' }),
      ).toString('base64url'),
      signature: 'x',
    },
    [
      ['form', 'signature of notation'],
      ['of', 'a/b, abababababab'],
      ['signed', '2026-11-27T09:00:00Z'],
    ],
  ],
  [
    {
      mediaType: 'application/vnd.dev.sigstore.bundle.v0.3+json',
      verificationMaterial: {},
      dsseEnvelope: {
        payloadType: 'application/vnd.in-toto+json',
        payload: Buffer.from(JSON.stringify({ predicateType: 'https://slsa.dev/provenance/v1' })).toString(
          'base64',
        ),
        signatures: [{}],
      },
    },
    [
      ['kept in', 'a bundle of sigstore, with what proves it'],
      ['form', 'signed envelope of application/vnd.in-toto+json'],
      ['signatures', '1 signature'],
      ['says', 'https://slsa.dev/provenance/v1'],
    ],
  ],
  [
    { apiVersion: 'v2', name: 'web', version: '1.0.0', dependencies: [{ name: 'redis', version: '^18' }] },
    [
      ['chart', 'web 1.0.0'],
      ['needs', 'redis ^18'],
    ],
  ],
])('%j is told of in words', (document, facts) => {
  expect(artifactFacts(document)).toEqual(facts)
})

const STRANGE: readonly unknown[] = [
  undefined,
  null,
  7,
  'text',
  [],
  {},
  { spdxVersion: 5 },
  { payloadType: 'x', payload: 7 },
  { payload: '*', signature: 'x' },
  { mediaType: 'application/vnd.oci.image.index.v1+json' },
  { name: 'a', version: '1' },
  { constructor: { name: 'x' } },
]
test.each(STRANGE.map((document) => ({ document })))('of $document nothing is said', ({ document }) => {
  expect(artifactFacts(document)).toEqual([])
})

test('what is signed may be anything', () => {
  expect(artifactFacts({ payloadType: 'x', payload: '*not base64*', signatures: 'none' })).toEqual([
    ['form', 'signed envelope of x'],
    ['signatures', '0 signatures'],
  ])
  expect(parsedJson('{')).toBeUndefined()
})
