import { call } from '../../api/client.ts'
import { useAnswer } from '../../api/use-answer.ts'
import { ConfirmButton } from '../../parts/confirm-button.tsx'
import { Form, textOf } from '../../parts/form.tsx'
import { Answered } from '../../parts/states.tsx'

/** What the project does not let happen to its tags and images. */
export function ProtectionSettings({ project }: { readonly project: string }) {
  const params = { project }
  const asked = useAnswer(`policy ${project}`, (signal) => call('getPolicy', { params }, signal))
  const change = async (body: {
    readonly immutableTags?: readonly string[]
    readonly refuseDangling?: boolean
  }) => {
    await call('changePolicy', { params, body })
    asked.again()
  }
  return (
    <Answered asked={asked} what="Reading what is protected">
      {({ immutableTags, refuseDangling }) => (
        <dl class="settings">
          <div>
            <dt>Tags that never move</dt>
            <dd>
              A tag that matches one of these patterns, once set, neither moves nor goes, whichever way is
              tried.
            </dd>
            <dd>
              <Form
                key={immutableTags.join(' ')}
                send={(values) =>
                  change({
                    immutableTags: textOf(values, 'patterns')
                      .split(/[\s,]+/)
                      .filter(Boolean),
                  })
                }
                action="Save"
                keep
              >
                <label>
                  Patterns, apart by spaces
                  <input
                    name="patterns"
                    class="mono"
                    spellcheck={false}
                    placeholder="v* release-*"
                    defaultValue={immutableTags.join(' ')}
                  />
                </label>
              </Form>
            </dd>
          </div>
          <div>
            <dt>Images in use {refuseDangling ? 'are not deleted by digest' : 'can be deleted by digest'}</dt>
            <dd>
              {refuseDangling
                ? 'As on gcr.io: an image is deleted by digest only when no tag and no index leads to it.'
                : 'Deleting an image by its digest takes its tags along. On gcr.io tags had to be deleted first.'}
            </dd>
            <dd>
              <ConfirmButton
                label={refuseDangling ? 'Allow it' : 'Refuse it, as gcr.io did'}
                title="Deleting images in use"
                action={refuseDangling ? 'Allow it' : 'Refuse it'}
                act={() => change({ refuseDangling: !refuseDangling })}
              >
                <p>
                  {refuseDangling
                    ? 'Scripts that delete by digest take tags along from now on.'
                    : 'Scripts that delete by digest have to delete tags first from now on.'}
                </p>
              </ConfirmButton>
            </dd>
          </div>
        </dl>
      )}
    </Answered>
  )
}
