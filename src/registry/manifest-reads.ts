import type { Transaction } from '../../storage/metadata/transact.ts'
import { type Digest, digestAlgorithm } from '../oci/digest.ts'
import type { ParsedManifest } from '../oci/manifest.ts'
import { projectOf, type RepositoryName } from '../oci/name.ts'
import type { Tag } from '../oci/tag.ts'
import { keys, type RepositoryId } from '../records/keys.ts'

/** A manifest that is about to be written. */
interface Written {
  readonly name: RepositoryName
  readonly repo: RepositoryId
  readonly manifest: ParsedManifest
  readonly digest: Digest
  readonly tags: readonly Tag[]
  readonly indexLayers: boolean
}

/** Reads in one go what writing a manifest asks for: one by one they would be nine trips to a database. */
export async function readAhead(transaction: Transaction, written: Written): Promise<void> {
  const { name, repo, manifest, digest, tags, indexLayers } = written
  const { config, layers, manifests, subject } = manifest
  const digestsOf = (list: ParsedManifest['layers']): Digest[] => list.flatMap((one) => one.digest ?? [])
  const children = digestsOf([...(config ? [config] : []), ...layers, ...manifests])
  // Under another algorithm a link has to say first which content it leads to.
  const contents = children.filter((child) => digestAlgorithm(child) === 'sha256')
  await transaction.readAhead([
    ...children.map((child) => keys.link(repo, child)),
    ...(manifest.kind === 'index' ? children.map((child) => keys.manifest(repo, child)) : []),
    ...contents.map((content) => keys.blob(content)),
    ...[digest, subject?.digest].flatMap((one) => (one === undefined ? [] : [keys.manifest(repo, one)])),
    keys.grave(repo, digest),
    keys.policy(projectOf(name)),
    ...tags.map((tag) => keys.tag(repo, tag)),
    ...(indexLayers
      ? digestsOf(layers).flatMap((layer) => [keys.layerIndex(layer), keys.indexQueue(layer)])
      : []),
  ])
}
