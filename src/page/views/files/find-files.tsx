import { here, setQuery } from '../../location.ts'
import { FindForm } from '../../parts/find-form.tsx'
import { textOf } from '../../parts/form.tsx'
import {
  FILTER_NAMES,
  hasMore,
  MATCHES,
  matchIn,
  RIGHTS,
  readFilter,
  SIZE_PATTERN,
  TYPES,
} from './file-filter.ts'

/** Looks for files by their path, size, type and rights; what is asked for is in the address. */
export function FindFiles() {
  const { query } = here.value
  const filter = readFilter(query)
  const match = matchIn(query)
  const isMore = filter !== undefined && hasMore(filter)
  const find = (values: FormData) =>
    setQuery(Object.fromEntries(FILTER_NAMES.map((name) => [name, textOf(values, name).trim()])))
  return (
    <FindForm
      name="find"
      label="Find files"
      placeholder="Find files by path"
      text={query.get('find') ?? ''}
      look={{ form: 'find-files' }}
      find={find}
    >
      <select name="match" aria-label="The text is meant" key={`match ${match}`}>
        {Object.entries(MATCHES).map(([value, [label]]) => (
          <option key={value} value={value} selected={value === match}>
            {label}
          </option>
        ))}
      </select>
      <button type="submit" class="button quiet">
        Find
      </button>
      <details open={isMore} class="find-more">
        <summary>by size, type or rights</summary>
        <div class="bar start" key={FILTER_NAMES.map((name) => query.get(name)).join(' ')}>
          <SizeField name="min" label="From" text={query.get('min') ?? ''} />
          <SizeField name="max" label="to" text={query.get('max') ?? ''} />
          <Choice name="type" label="Type" of={TYPES} chosen={filter?.type ?? ''} />
          <Choice name="rights" label="Rights" of={RIGHTS} chosen={filter?.rights ?? ''} />
        </div>
      </details>
    </FindForm>
  )
}

function SizeField({
  name,
  label,
  text,
}: {
  readonly name: string
  readonly label: string
  readonly text: string
}) {
  return (
    <label>
      {label}{' '}
      <input
        name={name}
        type="text"
        size={8}
        placeholder="10 MB"
        pattern={SIZE_PATTERN}
        title="Bytes, or a number with kB, MB or GB; unpacked"
        autoComplete="off"
        defaultValue={text}
      />
    </label>
  )
}

function Choice({
  name,
  label,
  of,
  chosen,
}: {
  readonly name: string
  readonly label: string
  readonly of: Readonly<Record<string, readonly [label: string, ...rest: unknown[]]>>
  readonly chosen: string
}) {
  return (
    <select name={name} aria-label={label}>
      {Object.entries(of).map(([value, [text]]) => (
        <option key={value} value={value} selected={value === chosen}>
          {text}
        </option>
      ))}
    </select>
  )
}
