import { useState } from 'preact/hooks'
import { ImageField } from './image-field.tsx'

/** Two images to choose, each with a name of its own. */
export function PairForm({
  labels,
  values,
  action,
  mayBeEmpty = false,
  done,
}: {
  readonly labels: readonly [string, string]
  readonly values: readonly [string, string]
  readonly action: string
  /** Whether the first may be nothing. */
  readonly mayBeEmpty?: boolean
  readonly done: (first: string, second: string) => void
}) {
  const [first, setFirst] = useState(values[0])
  const [second, setSecond] = useState(values[1])
  const submit = (event: SubmitEvent) => {
    event.preventDefault()
    if ((mayBeEmpty || first.trim() !== '') && second.trim() !== '') done(first.trim(), second.trim())
  }
  return (
    <form class="pair-form" onSubmit={submit}>
      <label>
        <span>{labels[0]}</span>
        <ImageField label={labels[0]} value={first} focus={first === ''} change={setFirst} />
      </label>
      <label>
        <span>{labels[1]}</span>
        <ImageField
          label={labels[1]}
          value={second}
          focus={first !== '' && second === ''}
          change={setSecond}
        />
      </label>
      <button
        type="button"
        class="button quiet"
        title="Exchange the two"
        onClick={() => {
          setFirst(second)
          setSecond(first)
        }}
      >
        ⇄ <span class="sr">Exchange the two</span>
      </button>
      <button type="submit" class="button">
        {action}
      </button>
    </form>
  )
}
