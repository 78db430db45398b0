import { useEffect, useId, useRef, useState } from 'preact/hooks'
import { call } from '../api/client.ts'

/** A field for an image, `repository:tag`: names are completed from what is here, then the tags of the name. */
export function ImageField({
  label,
  value,
  focus = false,
  name,
  change,
}: {
  readonly label: string
  readonly value: string
  readonly focus?: boolean
  readonly name?: string
  readonly change: (value: string) => void
}) {
  const id = useId()
  const input = useRef<HTMLInputElement>(null)
  const [choices, setChoices] = useState<readonly string[]>([])
  useEffect(() => {
    if (focus) input.current?.focus()
  }, [])
  useEffect(() => {
    const control = new AbortController()
    const timer = setTimeout(() => {
      complete(value, control.signal).then(setChoices, () => undefined)
    }, 150)
    return () => {
      clearTimeout(timer)
      control.abort()
    }
  }, [value])
  return (
    <>
      <input
        ref={input}
        type="text"
        class="mono"
        name={name}
        aria-label={label}
        list={id}
        placeholder="project/name:tag"
        autoCapitalize="none"
        autoComplete="off"
        spellcheck={false}
        value={value}
        onInput={(event) => change(event.currentTarget.value)}
      />
      <datalist id={id}>
        {choices.map((choice) => (
          <option key={choice} value={choice} />
        ))}
      </datalist>
    </>
  )
}

/** Repositories and tags that the text may mean, or the tags of the repository that is named already. */
async function complete(text: string, signal: AbortSignal): Promise<string[]> {
  const [, repository, tag] = /^([^:@]+):([^:@]*)$/.exec(text) ?? []
  if (repository !== undefined && tag !== undefined) {
    const query = { repository, order: 'pushed', q: tag || undefined, n: 200 } as const
    const { tags } = await call('getTags', { query }, signal)
    return tags.map((one) => `${repository}:${one.tag}`)
  }
  const { repositories } = await call('search', { query: { q: text, n: 20 } }, signal)
  return repositories.flatMap(({ name, tags }) =>
    tags.length > 0 ? tags.map((one) => `${name}:${one}`) : name === text ? [`${name}:`] : [name],
  )
}
