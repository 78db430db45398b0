import { call } from '../../api/client.ts'
import type { Operations } from '../../api/schema.generated.ts'
import { sizeText } from '../../format.ts'
import { Form, textOf } from '../../parts/form.tsx'
import { Size } from '../../parts/values.tsx'

const GB = 1_000_000_000

/** How much the project may hold; administrators of the registry set it. */
export function QuotaSetting({
  project,
  usage: { used, quota },
  changed,
}: {
  readonly project: string
  readonly usage: Operations['getUsage']['answer']
  readonly changed: () => void
}) {
  const send = async (values: FormData) => {
    const text = textOf(values, 'quota').trim()
    await call('setQuota', {
      params: { project },
      body: { quota: text === '' ? null : Math.round(Number(text) * GB) },
    })
    changed()
  }
  return (
    <dl class="settings">
      <div>
        <dt>{quota === undefined ? 'No limit' : `At most ${sizeText(quota)}`}</dt>
        <dd>
          It holds <Size bytes={used} /> of distinct content (compressed). A push beyond the limit is refused
          with words; what is there stays.
        </dd>
        <dd>
          <Form key={quota} send={send} action="Save" keep>
            <label>
              GB, empty for no limit
              <input
                name="quota"
                type="number"
                min={0}
                step="any"
                defaultValue={quota === undefined ? '' : String(quota / GB)}
              />
            </label>
          </Form>
        </dd>
      </div>
    </dl>
  )
}
