import { useState } from 'preact/hooks'
import { call } from '../../api/client.ts'
import type { DeletionPreview, TagSummary } from '../../api/schema.generated.ts'
import { useAnswer } from '../../api/use-answer.ts'
import { plural, sizeText } from '../../format.ts'
import { Dialog } from '../../parts/dialog.tsx'
import { Form } from '../../parts/form.tsx'
import { Answered } from '../../parts/states.tsx'
import { Ago, Digest, Size } from '../../parts/values.tsx'

/** Deletes a tag, or its image with all its tags; says before what goes and what stays. */
export function DeleteButton({
  repository,
  tag,
  changed,
}: {
  readonly repository: string
  readonly tag: TagSummary
  readonly changed: () => void
}) {
  const [open, setOpen] = useState(false)
  const close = () => setOpen(false)
  return (
    <>
      <button type="button" class="link danger" onClick={() => setOpen(true)}>
        Delete<span class="sr"> {tag.tag}</span>
      </button>
      {open && (
        <Dialog title={`Delete ${repository}:${tag.tag}`} close={close}>
          <Choice
            repository={repository}
            tag={tag}
            done={() => {
              close()
              changed()
            }}
          />
        </Dialog>
      )}
    </>
  )
}

function Choice({
  repository,
  tag: { tag, digest },
  done,
}: {
  readonly repository: string
  readonly tag: TagSummary
  readonly done: () => void
}) {
  const params = { project: repository.split('/', 1)[0] ?? '' }
  const asked = useAnswer(`deletion ${repository} ${digest}`, (signal) =>
    call('previewDeletion', { params, query: { repository, digest } }, signal),
  )
  const send = async (values: FormData) => {
    if (values.get('what') === 'image')
      await call('removeManifest', { params, query: { repository, digest } })
    else await call('removeTag', { params, query: { repository, tag } })
    done()
  }
  return (
    <Answered asked={asked} what="Looking what goes along">
      {(preview) => (
        <Form send={send} action="Delete">
          <fieldset class="options">
            <legend class="sr">What is deleted</legend>
            <label class="option">
              <input type="radio" name="what" value="tag" defaultChecked />
              <span>
                <strong>The tag {tag} alone</strong>
                <TagFate tag={tag} preview={preview} />
              </span>
            </label>
            <label class="option">
              <input type="radio" name="what" value="image" />
              <span>
                <strong>
                  The image, with {plural(preview.tags.length, 'tag')}: {preview.tags.join(', ')}
                </strong>
                <ImageFate preview={preview} />
              </span>
            </label>
          </fieldset>
        </Form>
      )}
    </Answered>
  )
}

function TagFate({ tag, preview }: { readonly tag: string; readonly preview: DeletionPreview }) {
  const others = preview.tags.filter((one) => one !== tag)
  return (
    <span class="fate">
      The image stays {others.length > 0 ? `under ${others.join(', ')}` : 'by its digest'}; nothing is freed.
      The history of the tag leads back to it.
    </span>
  )
}

/** What goes with an image, and what stays. */
function ImageFate({ preview }: { readonly preview: DeletionPreview }) {
  const { freed, kept, parents, referrers, manifests, restorable } = preview
  const stays = [
    ...(kept.blobs > 0
      ? [`${plural(kept.blobs, 'blob')} of other images here, ${sizeText(kept.bytes)}`]
      : []),
    ...(manifests > 0 ? [`the ${plural(manifests, 'image')} that it lists`] : []),
    ...(referrers > 0 ? [`${plural(referrers, 'artifact')} about it, such as signatures`] : []),
  ]
  return (
    <>
      <span class="fate">
        Goes: {freed.blobs === 0 ? 'no content' : plural(freed.blobs, 'blob')} that nothing else in the
        project uses, <Size bytes={freed.bytes} />.
      </span>
      {stays.length > 0 && <span class="fate">Stays: {stays.join('; ')}.</span>}
      {parents.length > 0 && (
        <span class="fate warn">
          ⚠ Listed by {plural(parents.length, 'index', 'indexes')}, which cannot be pulled for its platform
          any more:{' '}
          {parents.map((parent) => (
            <Digest key={parent} digest={parent} />
          ))}
        </span>
      )}
      <span class="fate">
        It can be brought back, under “Deleted lately”; that ends <Ago date={restorable} />.
      </span>
    </>
  )
}
