import type { ComponentChildren } from 'preact'
import { useEffect, useRef } from 'preact/hooks'

/** A box for what is looked for. What is asked for is in the address, and so in `text`. */
export function FindForm({
  name,
  label,
  placeholder,
  text,
  look = {},
  before,
  find,
  children,
}: {
  readonly name: string
  readonly label: string
  readonly placeholder: string
  readonly text: string
  readonly look?: {
    readonly type?: 'search'
    readonly title?: string
    readonly box?: string
    readonly form?: string
  }
  /** What stands before the box. */
  readonly before?: ComponentChildren
  readonly find: (values: FormData) => void
  readonly children?: ComponentChildren
}) {
  const input = useRef<HTMLInputElement>(null)
  useEffect(() => {
    // What was typed stands until one comes to another place, back and forward too.
    if (input.current !== null) input.current.value = text
  }, [text])
  const submit = (event: SubmitEvent & { currentTarget: HTMLFormElement }) => {
    event.preventDefault()
    find(new FormData(event.currentTarget))
  }
  const box = {
    ref: input,
    name,
    'aria-label': label,
    placeholder,
    title: look.title,
    autoComplete: 'off',
    autoCapitalize: 'none',
    spellcheck: false,
    defaultValue: text,
  } as const
  return (
    <search class={look.box}>
      <form class={look.form} onSubmit={submit}>
        {before}
        {look.type === 'search' ? <input type="search" {...box} /> : <input type="text" {...box} />}
        {children}
      </form>
    </search>
  )
}
