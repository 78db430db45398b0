import type { Digest } from '../oci/digest.ts'
import { OCI_MANIFEST } from '../oci/media-type.ts'
import { keys } from '../records/keys.ts'
import { NO_POLICY, type PolicyRecord, policyCodec } from '../records/policy.ts'
import { image } from './content-fixture.ts'
import { push, pushBlob, type TestRegistry } from './registry-fixture.ts'

/** Sets parts of a project's policy. */
export function setPolicy(
  registry: TestRegistry,
  project: string,
  policy: Partial<PolicyRecord>,
): Promise<void> {
  const sets = [{ key: keys.policy(project), value: policyCodec.encode({ ...NO_POLICY, ...policy }) }]
  return registry.metadata.commit({ checks: [], sets, deletes: [] })
}

/** Pushes an image of a config and a layer that are named after `text`. */
export async function pushImage(
  registry: TestRegistry,
  repository: string,
  text: string,
  more: { readonly tags?: readonly string[]; readonly subject?: Digest } = {},
): Promise<{ readonly digest: Digest; readonly config: Digest; readonly layer: Digest }> {
  const { tags = [], subject } = more
  const config = await pushBlob(registry, repository, `config of ${text}`)
  const layer = await pushBlob(registry, repository, `layer of ${text}`)
  const refers =
    subject === undefined ? {} : { subject: { mediaType: OCI_MANIFEST, digest: subject, size: 1 } }
  const { digest } = await push(registry, repository, image(config, [layer], refers), { tags })
  return { digest, config, layer }
}
