import { call } from '../../api/client.ts'
import type { TagSummary } from '../../api/schema.generated.ts'
import { ConfirmButton } from '../../parts/confirm-button.tsx'

/** Keeps an image from rules that delete, or lets it go again. */
export function KeepButton({
  repository,
  tag: { tag, digest, kept },
  changed,
}: {
  readonly repository: string
  readonly tag: TagSummary
  readonly changed: () => void
}) {
  const project = repository.split('/', 1)[0] ?? ''
  const label = kept ? 'Let go' : 'Keep'
  const act = async () => {
    await call('keepManifest', { params: { project }, body: { repository, digest, keep: !kept } })
    changed()
  }
  return (
    <ConfirmButton label={label} of={tag} calm title={`${label}: ${repository}:${tag}`} act={act}>
      <p>
        {kept
          ? 'Retention rules may take the image again. Nothing is deleted now.'
          : 'No retention rule takes the image, whatever becomes of its tags. Deleting it by hand stays possible.'}
      </p>
    </ConfirmButton>
  )
}
