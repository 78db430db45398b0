import { blobLocation } from '../../storage/blobs/blob-store.ts'
import type { Digest } from '../oci/digest.ts'
import { type BlobRecord, blobCodec } from '../records/blob.ts'
import { keys } from '../records/keys.ts'
import { name } from './content-fixture.ts'
import type { TestRegistry } from './registry-fixture.ts'
import { findRepository } from './repositories.ts'

/** The id of a repository that exists. */
export async function idOf(registry: TestRegistry, repository: string): Promise<string> {
  const found = await findRepository(registry.metadata, name(repository))
  if (found === undefined) throw new Error(`${repository} is not there`)
  return found.id
}

/** Keys under a prefix. */
export async function keysUnder(registry: TestRegistry, prefix: Uint8Array): Promise<string[]> {
  const entries = await registry.metadata.range({ prefix, limit: 10_000 })
  return entries.map(({ key }) => Buffer.from(key).toString('hex'))
}

export async function blobRecord(registry: TestRegistry, digest: Digest): Promise<BlobRecord | undefined> {
  const [stored] = await registry.metadata.read([keys.blob(digest)])
  return stored && blobCodec.decode(stored.value)
}

export async function setBlobRecord(
  registry: TestRegistry,
  digest: Digest,
  record: BlobRecord,
): Promise<void> {
  const sets = [{ key: keys.blob(digest), value: blobCodec.encode(record) }]
  await registry.metadata.commit({ checks: [], sets, deletes: [] })
}

/** Deletes records behind the registry's back, as a collector or another replica would. */
export function remove(registry: TestRegistry, ...deletes: Uint8Array[]): Promise<void> {
  return registry.metadata.commit({ checks: [], sets: [], deletes })
}

/** Where bytes are, the trash included. */
export async function locations(registry: TestRegistry): Promise<string[]> {
  const found: string[] = []
  for await (const { location } of registry.blobs.list()) found.push(location)
  return found
}

/** Changes the bytes at a location. */
export function damage(registry: TestRegistry, location: string, bytes: Uint8Array | undefined): void {
  const at = blobLocation(location)
  if (bytes === undefined) registry.contents.blobs.delete(at)
  else registry.contents.blobs.set(at, { bytes, modified: new Date() })
}
