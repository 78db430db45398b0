import type { ComponentChildren } from 'preact'
import { useState } from 'preact/hooks'
import { noteProblem } from '../account.ts'
import type { Problem } from '../api/client.ts'
import { asProblem } from '../api/use-answer.ts'
import { Failed } from './states.tsx'

/** A form that sends once at a time, and shows why it failed where one looks. */
export function Form({
  send,
  action,
  keep = false,
  children,
}: {
  readonly send: (values: FormData) => Promise<void>
  readonly action: string
  /** Fields stay as they are after sending. */
  readonly keep?: boolean
  readonly children?: ComponentChildren
}) {
  const [problem, setProblem] = useState<Problem | undefined>(undefined)
  const [busy, setBusy] = useState(false)
  const submit = (event: SubmitEvent & { currentTarget: HTMLFormElement }) => {
    event.preventDefault()
    if (busy) return
    const form = event.currentTarget
    setBusy(true)
    setProblem(undefined)
    send(new FormData(form)).then(
      () => {
        setBusy(false)
        if (!keep) form.reset()
      },
      (error: unknown) => {
        const known = asProblem(error)
        noteProblem(known)
        setProblem(known)
        setBusy(false)
      },
    )
  }
  return (
    <form class="form" onSubmit={submit}>
      {children}
      <button type="submit" class="button" aria-busy={busy}>
        {action}
      </button>
      {problem !== undefined && <Failed problem={problem} />}
    </form>
  )
}

/** The text of a field. */
export function textOf(values: FormData, name: string): string {
  const value = values.get(name)
  return typeof value === 'string' ? value : ''
}
