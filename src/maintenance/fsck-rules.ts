import type { Entry, MetadataStore } from '../../storage/metadata/metadata-store.ts'
import { type Digest, digestAlgorithm } from '../oci/digest.ts'
import { projectOf, type RepositoryName } from '../oci/name.ts'
import { aliasCodec, blobCodec, contentCodec, linkCodec } from '../records/blob.ts'
import type { Codec } from '../records/codec.ts'
import { nameField } from '../records/fields.ts'
import { type Kind, keys, type RepositoryId } from '../records/keys.ts'
import { edgeCodec, manifestCodec, referrerCodec } from '../records/manifest.ts'
import {
  readChargeKey,
  readContentKey,
  readEdgeKey,
  readHolderKey,
  readReferrerKey,
  readTaggedKey,
  readTagKey,
} from '../records/read-key.ts'
import { graveCodec, reviewCodec } from '../records/review.ts'
import { tagCodec, taggedCodec } from '../records/tag.ts'
import { TupleReader } from '../records/tuple.ts'
import { uploadCodec } from '../records/upload.ts'

/** What a rule may look at: records of one moment. */
export interface RecordView extends Pick<MetadataStore, 'read' | 'range'> {
  /** What a manifest refers to, or what it did before it was deleted. */
  readonly childrenOf: (repo: RepositoryId, parent: Digest) => Promise<ReadonlySet<Digest>>
  /** The name of a repository; undefined for one that was deleted and is being cleared. */
  readonly nameOf: (repo: RepositoryId) => RepositoryName | undefined
  /** Whether the collector is going to look at a link, or at a blob (of no repository). */
  readonly isReviewed: (digest: Digest, repo?: RepositoryId) => boolean
  /** When it may look at what is queued now. */
  readonly reviewAt: number
}

/** Something that should not be, and the writes that mend it; none when only a person or a push can. */
export interface Problem {
  readonly problem: string
  readonly what: string
  readonly sets?: readonly { readonly key: Uint8Array; readonly value: Uint8Array }[]
  readonly deletes?: readonly Uint8Array[]
}

/** Records of one kind, and what must hold for each. */
interface Rule {
  readonly kind: Kind
  readonly check: (entry: Entry, view: RecordView) => Promise<readonly Problem[]>
}

const SOUND: readonly Problem[] = []

/** Every record that says something of another one. */
export const RULES: readonly Rule[] = [
  { kind: 'blob', check: checkBlob },
  { kind: 'alias', check: checkAlias },
  { kind: 'link', check: checkLink },
  { kind: 'holder', check: checkHolder },
  { kind: 'charge', check: checkCharge },
  { kind: 'manifest', check: checkManifest },
  { kind: 'edge', check: checkEdge },
  { kind: 'tag', check: checkTag },
  { kind: 'tagged', check: checkTagged },
  { kind: 'referrer', check: checkReferrer },
  { kind: 'uploadOf', check: checkUploadOf },
]

async function get<Value>(
  view: RecordView,
  codec: Codec<Value>,
  key: Uint8Array,
): Promise<Value | undefined> {
  const [stored] = await view.read([key])
  return stored && codec.decode(stored.value)
}

async function isThere(view: RecordView, key: Uint8Array): Promise<boolean> {
  return (await view.read([key]))[0] !== undefined
}

async function checkBlob({ key }: Entry, view: RecordView): Promise<readonly Problem[]> {
  const sha256 = new TupleReader(key).digest()
  if (view.isReviewed(sha256)) return SOUND
  if ((await view.range({ prefix: keys.holders(sha256), limit: 1 })).length > 0) return SOUND
  const sets = [reviewOf(view, 'blob', { name: NOBODY, repo: NO_REPOSITORY, digest: sha256 })]
  return [{ problem: 'a blob that nothing holds is forgotten', what: sha256, sets }]
}

/** A review of a blob is found by its digest alone. */
const NO_REPOSITORY = '0000000000000000'
const NOBODY: RepositoryName = nameField.parse('nobody')

interface Owned {
  readonly name: RepositoryName
  readonly repo: RepositoryId
  readonly digest: Digest
}

function reviewOf(view: RecordView, kind: 'link' | 'blob', { name, repo, digest }: Owned) {
  return { key: keys.review(view.reviewAt, kind, repo, digest), value: reviewCodec.encode({ name }) }
}

async function checkAlias({ key, value }: Entry, view: RecordView): Promise<readonly Problem[]> {
  const { sha256 } = aliasCodec.decode(value)
  if (await isThere(view, keys.blob(sha256))) return SOUND
  const what = `${new TupleReader(key).digest()} → ${sha256}`
  return [{ problem: 'a digest leads to a blob that has no record', what, deletes: [key] }]
}

/** A link without a blob is not mended here: the bytes may still be in the store. */
async function checkLink({ key, value }: Entry, view: RecordView): Promise<readonly Problem[]> {
  const { repo, digest } = readContentKey(key)
  const name = view.nameOf(repo)
  if (name === undefined) return SOUND
  const { sha256 } = linkCodec.decode(value)
  const what = `${digest} in '${name}'`
  const blob = await get(view, blobCodec, keys.blob(sha256))
  if (blob === undefined) return [{ problem: 'a repository holds a blob that has no record', what }]
  const holder = keys.holder(sha256, projectOf(name), repo, digest)
  if (await isThere(view, holder)) return checkUse(view, { name, repo, digest })
  const sets = [{ key: holder, value: contentCodec.encode({ size: blob.size }) }]
  return [{ problem: 'a blob does not know a repository that holds it', what, sets }]
}

async function checkUse(view: RecordView, link: Owned): Promise<readonly Problem[]> {
  const { name, repo, digest } = link
  if (view.isReviewed(digest, repo)) return SOUND
  if ((await view.range({ prefix: keys.edges(repo, digest), limit: 1 })).length > 0) return SOUND
  const sets = [reviewOf(view, 'link', link)]
  return [{ problem: 'a blob that no manifest uses is forgotten', what: `${digest} in '${name}'`, sets }]
}

async function checkHolder({ key, value }: Entry, view: RecordView): Promise<readonly Problem[]> {
  const { sha256, project, repo, digest } = readHolderKey(key)
  const what = `${sha256} in repository ${repo} of ${project}`
  const link = await get(view, linkCodec, keys.link(repo, digest))
  if (link?.sha256 !== sha256)
    return [{ problem: 'a blob names a repository that does not hold it', what, deletes: [key] }]
  const charge = keys.charge(project, sha256)
  if (view.nameOf(repo) === undefined || (await isThere(view, charge))) return SOUND
  const sets = [{ key: charge, value: contentCodec.encode(contentCodec.decode(value)) }]
  return [{ problem: 'a project is not charged for what it holds', what, sets }]
}

async function checkCharge({ key }: Entry, view: RecordView): Promise<readonly Problem[]> {
  const { project, sha256 } = readChargeKey(key)
  const holders = await view.range({ prefix: keys.holdersInProject(sha256, project), limit: 1 })
  if (holders.length > 0) return SOUND
  const what = `${sha256} in ${project}`
  return [{ problem: 'a project is charged for what it does not hold', what, deletes: [key] }]
}

async function checkManifest({ key, value }: Entry, view: RecordView): Promise<readonly Problem[]> {
  const { repo, digest } = readContentKey(key)
  const repository = view.nameOf(repo)
  if (repository === undefined) return SOUND
  const { children, config, subject } = manifestCodec.decode(value)
  const name = `${digest} in '${repository}'`
  const problems: Problem[] = []
  const edges = children.map((child) => keys.edge(repo, child, digest))
  const found = await view.read(edges)
  const sets = edges
    .filter((_, index) => found[index] === undefined)
    .map((edge) => ({ key: edge, value: edgeCodec.encode({}) }))
  if (sets.length > 0)
    problems.push({ problem: 'what a manifest refers to does not know it', what: name, sets })
  if (!(await isThere(view, keys.body(repo, digest))))
    problems.push({ problem: 'a manifest has no body', what: name })
  if (config !== undefined && digestAlgorithm(config) === 'sha256' && !(await isHere(view, repo, config)))
    problems.push({ problem: 'a manifest refers to what is not here', what: `${name}: ${config}` })
  if (subject !== undefined && !(await isThere(view, keys.referrer(repo, subject, digest))))
    problems.push({ problem: 'a subject does not know what refers to it', what: `${name}: ${subject}` })
  return problems
}

async function isHere(view: RecordView, repo: RepositoryId, digest: Digest): Promise<boolean> {
  const found = await view.read([keys.link(repo, digest), keys.manifest(repo, digest)])
  return found.some((stored) => stored !== undefined)
}

async function checkEdge({ key }: Entry, view: RecordView): Promise<readonly Problem[]> {
  const { repo, child, parent } = readEdgeKey(key)
  if (view.nameOf(repo) === undefined) return SOUND
  if ((await view.childrenOf(repo, parent)).has(child)) return SOUND
  const what = `${parent} → ${child} in repository ${repo}`
  return [{ problem: 'a manifest that is not here keeps something', what, deletes: [key] }]
}

/** For `childrenOf` of a view: reads the records of the manifest. */
export async function readChildren(
  view: Pick<RecordView, 'read'>,
  repo: RepositoryId,
  parent: Digest,
): Promise<ReadonlySet<Digest>> {
  const [manifest, grave] = await view.read([keys.manifest(repo, parent), keys.grave(repo, parent)])
  return new Set([
    ...(manifest === undefined ? [] : manifestCodec.decode(manifest.value).children),
    ...(grave === undefined ? [] : (graveCodec.decode(grave.value).manifest?.children ?? [])),
  ])
}

async function checkTag({ key, value }: Entry, view: RecordView): Promise<readonly Problem[]> {
  const { repo, tag } = readTagKey(key)
  if (view.nameOf(repo) === undefined) return SOUND
  const { digest } = tagCodec.decode(value)
  const what = `${tag} → ${digest} in repository ${repo}`
  const tagged = keys.tagged(repo, digest, tag)
  if (!(await isThere(view, keys.manifest(repo, digest))))
    return [{ problem: 'a tag leads to a manifest that is not here', what, deletes: [key, tagged] }]
  if (await isThere(view, tagged)) return SOUND
  const sets = [{ key: tagged, value: taggedCodec.encode({}) }]
  return [{ problem: 'a manifest does not know its tag', what, sets }]
}

async function checkTagged({ key }: Entry, view: RecordView): Promise<readonly Problem[]> {
  const { repo, digest, tag } = readTaggedKey(key)
  const leads = await get(view, tagCodec, keys.tag(repo, tag))
  if (leads?.digest === digest || view.nameOf(repo) === undefined) return SOUND
  const what = `${tag} → ${digest} in repository ${repo}`
  return [{ problem: 'a manifest names a tag that leads elsewhere', what, deletes: [key] }]
}

async function checkReferrer({ key, value }: Entry, view: RecordView): Promise<readonly Problem[]> {
  const { repo, subject, digest } = readReferrerKey(key)
  if (view.nameOf(repo) === undefined) return SOUND
  referrerCodec.decode(value)
  const manifest = await get(view, manifestCodec, keys.manifest(repo, digest))
  if (manifest?.subject === subject) return SOUND
  const what = `${digest} → ${subject} in repository ${repo}`
  return [{ problem: 'a subject names a referrer that is not here', what, deletes: [key] }]
}

async function checkUploadOf({ key }: Entry, view: RecordView): Promise<readonly Problem[]> {
  const reader = new TupleReader(key)
  const [account, id] = [reader.text(), reader.text()]
  const upload = await get(view, uploadCodec, keys.upload(id))
  if (upload?.account === account && upload.done === undefined) return SOUND
  return [
    { problem: 'an account counts an upload that is over', what: `${id} of ${account}`, deletes: [key] },
  ]
}
