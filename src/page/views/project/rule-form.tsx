import type { RetentionRule } from '../../api/schema.generated.ts'
import { Form, textOf } from '../../parts/form.tsx'
import { ruleOf } from './retention-rules.ts'

/** The parts of a rule, in plain words. */
export function RuleForm({
  taken,
  done,
}: {
  /** Names of other rules. */
  readonly taken: readonly string[]
  readonly done: (rule: RetentionRule) => void
}) {
  const send = (values: FormData) => {
    done(ruleOf((name) => textOf(values, name)))
    return Promise.resolve()
  }
  return (
    <Form send={send} action="Show what it would take" keep>
      <label>
        Name
        <input
          name="name"
          required
          pattern={taken.length === 0 ? undefined : `(?!(?:${taken.map(escaped).join('|')})$).*`}
          title="A name that no other rule has"
          placeholder="old-nightlies"
        />
      </label>
      <label>
        Tags
        <input name="tags" class="mono" placeholder="nightly-*" spellcheck={false} />
        <small>A pattern with * and ?. Empty: images to which no tag and no index leads.</small>
      </label>
      <label>
        Repositories
        <input name="repositories" class="mono" placeholder="**" spellcheck={false} />
        <small>A pattern of names without the project. Empty: all of them.</small>
      </label>
      <label>
        Keep the last
        <input name="keepLast" type="number" min={0} placeholder="0" />
        <small>Of each repository, the tags that moved last.</small>
      </label>
      <label>
        Keep what is younger than, in days
        <input name="keepYoungerDays" type="number" min={0} step="any" placeholder="0" />
      </label>
      <label>
        Keep what was pulled within, in days
        <input name="keepPulledDays" type="number" min={0} step="any" placeholder="30" />
      </label>
    </Form>
  )
}

function escaped(text: string): string {
  return text.replaceAll(/[^\w\s]/g, '\\$&')
}
