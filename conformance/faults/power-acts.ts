import { type Image, makeImage } from '../fixtures/image.ts'
import { expect } from '../report.ts'
import type { RegistryClient } from '../servers/registry-client.ts'

export const REPOSITORY = 'power/app'

/** What a path must answer: the digest of its body, or undefined for 404. */
export type Owed = ReadonlyMap<string, string | undefined>

/** A request, and what it changes. */
export type Act = readonly [act: (client: RegistryClient) => Promise<unknown>, changes: Owed]

/** Pushes and deletes of images made from `seed`, one after the other. */
export function acts(seed: number): Act[] {
  const image = (name: string): Image =>
    makeImage({
      layers: [
        { seed: `${name}-${seed}`, size: 60_000 },
        { seed: `${name}2-${seed}`, size: 300 },
      ],
    })
  const [first, second] = [image('first'), image('second')]
  return [
    ...pushing(first, 'v1'),
    ...pushing(second, 'v1'),
    ...pushing(second, 'v2'),
    deleting(first.manifest.digest, []),
    deleting('v2', []),
    ...pushing(first, 'v3'),
    deleting(second.manifest.digest, ['v1']),
  ]
}

function pushing(image: Image, tag: string): Act[] {
  const manifest = { [tag]: image.manifest.digest, [image.manifest.digest]: image.manifest.digest }
  return [
    ...[...image.layers, image.config].flatMap((blob): Act[] => {
      let location = ''
      return [
        [
          async (client) => {
            const answer = await client.request('POST', `/v2/${REPOSITORY}/blobs/uploads/`)
            location = new URL(answer.headers.location ?? '', 'http://registry').pathname
          },
          new Map(),
        ],
        [
          async (client) => {
            const headers = { 'content-type': 'application/octet-stream' }
            const to = `${location}?digest=${blob.digest}`
            const { status } = await client.request('PUT', to, { body: blob.bytes, headers })
            expect(status === 201, `PUT of a blob answered ${status}`)
          },
          new Map([[`blobs/${blob.digest}`, blob.digest]]),
        ],
      ]
    }),
    [
      (client) => client.putManifest(REPOSITORY, image, tag),
      new Map(Object.entries(manifest).map(([name, digest]) => [`manifests/${name}`, digest])),
    ],
  ]
}

function deleting(reference: string, tags: readonly string[]): Act {
  return [
    async (client) => {
      const { status } = await client.request('DELETE', `/v2/${REPOSITORY}/manifests/${reference}`)
      expect(status === 202, `DELETE of ${reference} answered ${status}`)
    },
    new Map([reference, ...tags].map((name) => [`manifests/${name}`, undefined])),
  ]
}
