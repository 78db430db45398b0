import { expect, type Report } from '../report.ts'
import type { Certificates } from '../servers/certificates.ts'
import type { Registry } from '../servers/lamina.ts'
import type { RecordingProxy } from '../servers/recording-proxy.ts'
import type { RegistryClient } from '../servers/registry-client.ts'
import { readWire, type Wire } from '../servers/wire.ts'

/** A registry with authentication on behind a recording proxy, and what a client needs to talk to it. */
export interface World {
  readonly lamina: Registry
  readonly proxy: RecordingProxy
  /** host:port of the proxy, as clients name the registry. */
  readonly host: string
  /** Set when the host speaks TLS. */
  readonly tls: Certificates | undefined
  readonly user: string
  readonly password: string
  /** Looks at the registry without the proxy. */
  readonly registry: RegistryClient
  /** An empty folder for this client alone. */
  readonly folder: string
  readonly report: Report
}

/** One client: its name and its scenarios. */
export interface ClientTest {
  readonly name: string
  /** Transports it is driven over. */
  readonly transports: readonly ('http' | 'tls')[]
  readonly run: (world: World) => Promise<void>
}

/** What crossed the wire since the last look. */
export function look(world: World): Wire {
  return readWire(world.proxy.take())
}

/** Fails unless exactly these blobs were sent, in any order, and each with at least one byte. */
export function expectUploaded(wire: Wire, digests: readonly string[], why: string): void {
  const sent = [...wire.uploaded.keys()].toSorted()
  const wanted = [...new Set(digests)].toSorted()
  expect(
    sent.join() === wanted.join(),
    `${why}: sent ${sent.join(' ') || 'nothing'}, expected ${wanted.join(' ') || 'nothing'}`,
  )
  const empty = [...wire.uploaded].filter(([, bytes]) => bytes === 0).map(([digest]) => digest)
  expect(empty.length === 0, `${why}: uploads without bytes: ${empty.join(' ')}`)
}

/** All blobs that a manifest in the registry names, configuration first. */
export async function blobsOf(world: World, repository: string, reference: string): Promise<string[]> {
  const { content } = await world.registry.manifest(repository, reference)
  const config = content.config ? [content.config.digest] : []
  return [...config, ...(content.layers ?? []).map(({ digest }) => digest)]
}

/** Reads back and verifies every blob of an image; the number of bytes. */
export async function checkImage(world: World, repository: string, reference: string): Promise<number> {
  let total = 0
  for (const digest of await blobsOf(world, repository, reference)) {
    total += await world.registry.checkBlob(repository, digest)
  }
  return total
}

/** Sum of what was sent, for the printed line. */
export function sentBytes(wire: Wire): string {
  const bytes = [...wire.uploaded.values()].reduce((sum, size) => sum + size, 0)
  return `${wire.uploaded.size} blobs, ${bytes} bytes sent, ${wire.mounted.length} mounted`
}
