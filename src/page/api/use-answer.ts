import { useEffect, useState } from 'preact/hooks'
import { noteProblem } from '../account.ts'
import { Problem } from './client.ts'

/** Something that is asked of the server: loading, there, or failed. A new question keeps the old answer in sight. */
export interface Asked<Value> {
  readonly value: Value | undefined
  readonly problem: Problem | undefined
  readonly loading: boolean
  /** Asks once more. */
  readonly again: () => void
}

/** Asks when `key` changes; `undefined` asks nothing. */
export function useAnswer<Value>(
  key: string | undefined,
  ask: (signal: AbortSignal) => Promise<Value>,
): Asked<Value> {
  const [round, setRound] = useState(0)
  const [state, setState] = useState<{
    key?: string | undefined
    value?: Value | undefined
    problem?: Problem | undefined
  }>({})
  useEffect(() => {
    if (key === undefined) return undefined
    const control = new AbortController()
    ask(control.signal).then(
      (value) => {
        if (!control.signal.aborted) setState({ key: `${key} ${round}`, value })
      },
      (error: unknown) => {
        if (control.signal.aborted) return
        const problem = asProblem(error)
        noteProblem(problem)
        setState({ key: `${key} ${round}`, problem })
      },
    )
    return () => control.abort()
  }, [key, round])
  return {
    value: state.value,
    problem: state.problem,
    loading: key !== undefined && state.key !== `${key} ${round}`,
    again: () => setRound((number) => number + 1),
  }
}

/** Whatever was thrown, as something that can be shown. */
export function asProblem(error: unknown): Problem {
  if (error instanceof Problem) return error
  return new Problem({ status: 0, code: 'PAGE', message: `the page failed: ${String(error)}; load it again` })
}
