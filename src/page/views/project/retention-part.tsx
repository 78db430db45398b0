import { useState } from 'preact/hooks'
import { call } from '../../api/client.ts'
import type { RetentionRule } from '../../api/schema.generated.ts'
import { useAnswer } from '../../api/use-answer.ts'
import { ConfirmButton } from '../../parts/confirm-button.tsx'
import { Answered } from '../../parts/states.tsx'
import { RetentionPreview } from './retention-preview.tsx'
import { ruleText } from './retention-rules.ts'
import { RuleForm } from './rule-form.tsx'

/** Rules by which the project lets go of old images. What a rule would take is shown before it is set. */
export function RetentionPart({
  project,
  mayChange,
}: {
  readonly project: string
  readonly mayChange: boolean
}) {
  const params = { project }
  const asked = useAnswer(`policy ${project}`, (signal) => call('getPolicy', { params }, signal))
  const save = async (retention: readonly RetentionRule[]) => {
    await call('changePolicy', { params, body: { retention } })
    asked.again()
  }
  return (
    <Answered asked={asked} what="Reading the rules">
      {({ retention }) => (
        <>
          {retention.length === 0 ? (
            <p>
              Nothing is deleted by itself. A rule takes old tags, and the images without any; what was pushed
              or asked for lately stays, and what a rule took can be restored for a while.
            </p>
          ) : (
            <ol class="rules">
              {retention.map((rule) => (
                <li key={rule.name} class="card">
                  <strong>{rule.name}</strong>
                  <span>{ruleText(rule)}</span>
                  {mayChange && (
                    <ConfirmButton
                      label="Remove"
                      title={`Remove the rule ${rule.name}`}
                      action="Remove the rule"
                      act={() => save(retention.filter(({ name }) => name !== rule.name))}
                    >
                      <p>It takes nothing any more. What it took can be restored for its time.</p>
                    </ConfirmButton>
                  )}
                </li>
              ))}
            </ol>
          )}
          {mayChange && <NewRule project={project} rules={retention} save={save} />}
          {mayChange && retention.length > 0 && (
            <section>
              <h2>What these rules would take now</h2>
              <RetentionPreview project={project} rules={retention} />
            </section>
          )}
        </>
      )}
    </Answered>
  )
}

/** A rule is tried before it is set. */
function NewRule({
  project,
  rules,
  save,
}: {
  readonly project: string
  readonly rules: readonly RetentionRule[]
  readonly save: (rules: readonly RetentionRule[]) => Promise<void>
}) {
  const [tried, setTried] = useState<RetentionRule | undefined>(undefined)
  return (
    <details class="card">
      <summary>Add a rule</summary>
      <RuleForm taken={rules.map(({ name }) => name)} done={setTried} />
      {tried !== undefined && (
        <div class="tried" role="status">
          <p>
            <strong>{tried.name}</strong>: {ruleText(tried)}
          </p>
          <RetentionPreview project={project} rules={[tried]} />
          <ConfirmButton
            label="Set this rule"
            title={`Set the rule ${tried.name}`}
            action="Set the rule"
            act={async () => {
              await save([...rules, tried])
              setTried(undefined)
            }}
          >
            <p>{ruleText(tried)} From now on, again and again.</p>
          </ConfirmButton>
        </div>
      )}
    </details>
  )
}
