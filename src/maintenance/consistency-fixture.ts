import { blobLocation } from '../../storage/blobs/blob-store.ts'
import type { Entry } from '../../storage/metadata/metadata-store.ts'
import { aliasCodec, blobCodec, contentCodec, linkCodec } from '../records/blob.ts'
import { keys } from '../records/keys.ts'
import { manifestCodec, referrerCodec } from '../records/manifest.ts'
import { repositoryCodec } from '../records/project.ts'
import { graveCodec, usageCodec } from '../records/review.ts'
import { tagCodec } from '../records/tag.ts'
import { TupleReader } from '../records/tuple.ts'
import type { TestRegistry } from '../registry/registry-fixture.ts'

/** Looks at the records, and collects what is wrong. */
class Inspection {
  readonly found: string[] = []
  readonly registry: TestRegistry
  /** Project of each repository that has a name. */
  readonly projects = new Map<string, string>()

  constructor(registry: TestRegistry) {
    this.registry = registry
  }

  under(prefix: Uint8Array): Promise<Entry[]> {
    return this.registry.metadata.range({ prefix, limit: 100_000 })
  }

  async record(key: Uint8Array): Promise<Uint8Array | undefined> {
    return (await this.registry.metadata.read([key]))[0]?.value
  }

  async expectThere(what: string, key: Uint8Array): Promise<void> {
    if ((await this.record(key)) === undefined) this.found.push(`${what} is missing`)
  }
}

function inRepository(key: Uint8Array): { readonly repo: string; readonly reader: TupleReader } {
  const reader = new TupleReader(key)
  return { repo: Buffer.from(reader.bytes(8)).toString('hex'), reader }
}

/** What must hold at every moment. */
const ALWAYS: readonly ((look: Inspection) => Promise<void>)[] = [
  links,
  holders,
  charges,
  blobs,
  aliases,
  manifests,
  edges,
  tags,
  referrers,
]

/** What must hold once nothing is queued any more: nothing unused is left. */
const AT_REST: readonly ((look: Inspection) => Promise<void>)[] = [unusedRecords, unusedBytes]

/** What is wrong with the records and bytes of a registry, a sentence each. `atRest`: nothing waits for the collector. */
export async function breaches(registry: TestRegistry, atRest: boolean): Promise<string[]> {
  const look = new Inspection(registry)
  for (const { key, value } of await look.under(Uint8Array.of(0x05)))
    look.projects.set(repositoryCodec.decode(value).id, new TupleReader(key).text())
  for (const rule of atRest ? [...ALWAYS, ...AT_REST] : ALWAYS) await rule(look)
  return look.found
}

async function links(look: Inspection): Promise<void> {
  for (const { key, value } of await look.under(Uint8Array.of(0x12))) {
    const { repo, reader } = inRepository(key)
    const digest = reader.digest()
    const project = look.projects.get(repo)
    const { sha256 } = linkCodec.decode(value)
    await look.expectThere(`blob of link ${digest}`, keys.blob(sha256))
    if (project !== undefined)
      await look.expectThere(`holder of link ${digest}`, keys.holder(sha256, project, repo, digest))
  }
}

async function holders(look: Inspection): Promise<void> {
  for (const { key } of await look.under(Uint8Array.of(0x13))) {
    const reader = new TupleReader(key)
    const [sha256, project] = [reader.digest(), reader.text()]
    const repo = Buffer.from(reader.bytes(8)).toString('hex')
    await look.expectThere(`link of holder ${sha256}`, keys.link(repo, reader.digest()))
    await look.expectThere(`charge of holder ${sha256}`, keys.charge(project, sha256))
  }
}

async function charges(look: Inspection): Promise<void> {
  const balance = new Map<string, number>()
  for (const { key, value } of await look.under(keys.allCharges())) {
    const reader = new TupleReader(key)
    const [project, sha256] = [reader.text(), reader.digest()]
    balance.set(project, (balance.get(project) ?? 0) + contentCodec.decode(value).size)
    if ((await look.under(keys.holdersInProject(sha256, project))).length === 0)
      look.found.push(`${project} is charged for ${sha256}, which it does not hold`)
  }
  for (const { key, value } of await look.under(keys.allUsages())) {
    const project = new TupleReader(key).text()
    balance.set(project, (balance.get(project) ?? 0) - usageCodec.decode(value).bytes)
  }
  for (const [project, rest] of balance)
    if (rest !== 0) look.found.push(`the usage of ${project} is wrong by ${rest}`)
}

async function blobs(look: Inspection): Promise<void> {
  for (const { key, value } of await look.under(Uint8Array.of(0x10))) {
    const { location, size } = blobCodec.decode(value)
    if ((await look.registry.blobs.size(blobLocation(location))) !== size)
      look.found.push(`bytes of blob ${new TupleReader(key).digest()} are missing`)
  }
}

async function aliases(look: Inspection): Promise<void> {
  for (const { value } of await look.under(Uint8Array.of(0x11)))
    await look.expectThere('blob of an alias', keys.blob(aliasCodec.decode(value).sha256))
}

async function manifests(look: Inspection): Promise<void> {
  for (const { key, value } of await look.under(Uint8Array.of(0x20))) {
    const { repo, reader } = inRepository(key)
    const digest = reader.digest()
    const { children, subject } = manifestCodec.decode(value)
    await look.expectThere(`body of manifest ${digest}`, keys.body(repo, digest))
    if ((await look.record(keys.grave(repo, digest))) !== undefined)
      look.found.push(`manifest ${digest} has a grave`)
    for (const child of children) {
      await look.expectThere(`edge to ${child}`, keys.edge(repo, child, digest))
      const there =
        (await look.record(keys.link(repo, child))) ?? (await look.record(keys.manifest(repo, child)))
      if (there === undefined) look.found.push(`manifest ${digest} refers to ${child}, which is missing`)
    }
    if (subject !== undefined)
      await look.expectThere(`referrer ${digest}`, keys.referrer(repo, subject, digest))
  }
}

async function edges(look: Inspection): Promise<void> {
  for (const { key } of await look.under(Uint8Array.of(0x22))) {
    const { repo, reader } = inRepository(key)
    reader.digest()
    const parent = reader.digest()
    const grave = await look.record(keys.grave(repo, parent))
    const buried = grave !== undefined && graveCodec.decode(grave).manifest !== undefined
    if (!buried && (await look.record(keys.manifest(repo, parent))) === undefined)
      look.found.push(`an edge comes from ${parent}, which is missing`)
  }
}

async function tags(look: Inspection): Promise<void> {
  for (const { key, value } of await look.under(Uint8Array.of(0x23))) {
    const { repo, reader } = inRepository(key)
    const tag = reader.text()
    const { digest } = tagCodec.decode(value)
    await look.expectThere(`manifest of tag ${tag}`, keys.manifest(repo, digest))
    await look.expectThere(`reverse of tag ${tag}`, keys.tagged(repo, digest, tag))
  }
  for (const { key } of await look.under(Uint8Array.of(0x24))) {
    const { repo, reader } = inRepository(key)
    const [digest, tag] = [reader.digest(), reader.text()]
    const stored = await look.record(keys.tag(repo, tag))
    if (stored === undefined || tagCodec.decode(stored).digest !== digest)
      look.found.push(`tag ${tag} does not lead to ${digest}`)
  }
}

async function referrers(look: Inspection): Promise<void> {
  for (const { key, value } of await look.under(Uint8Array.of(0x26))) {
    const { repo } = inRepository(key)
    await look.expectThere('manifest of a referrer', keys.manifest(repo, referrerCodec.decode(value).digest))
  }
}

async function unusedRecords(look: Inspection): Promise<void> {
  for (const table of [0x12, 0x20])
    for (const { key } of await look.under(Uint8Array.of(table))) {
      const { repo, reader } = inRepository(key)
      const digest = reader.digest()
      if (!look.projects.has(repo)) look.found.push(`${digest} is in no repository`)
      if (table === 0x12 && (await look.under(keys.edges(repo, digest))).length === 0)
        look.found.push(`link ${digest} is not used`)
    }
  for (const { key } of await look.under(Uint8Array.of(0x10))) {
    const sha256 = new TupleReader(key).digest()
    if ((await look.under(keys.holders(sha256))).length === 0) look.found.push(`blob ${sha256} is not held`)
  }
  for (const { key } of await look.under(Uint8Array.of(0x21))) {
    const { repo, reader } = inRepository(key)
    await look.expectThere('manifest of a body', keys.manifest(repo, reader.digest()))
  }
}

async function unusedBytes(look: Inspection): Promise<void> {
  const located = new Set<string>()
  for (const { value } of await look.under(Uint8Array.of(0x10))) located.add(blobCodec.decode(value).location)
  for await (const { location } of look.registry.blobs.list())
    if (!located.has(location)) look.found.push(`bytes at ${location} are nobody's`)
}
