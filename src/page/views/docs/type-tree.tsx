import { href } from '../../location.ts'
import type { Type } from './description.ts'
import { Line } from './prose.tsx'

/** A type in words, and below it its fields. */
export function TypeTree({ type }: { readonly type: Type }) {
  const { fields, choices } = type
  return (
    <>
      <TypeName type={type} />
      {choices !== undefined && (
        <ul class="type-fields">
          {choices.map((choice, index) => (
            <li key={`${index}`}>
              <TypeTree type={choice} />
            </li>
          ))}
        </ul>
      )}
      {fields !== undefined && (
        <ul class="type-fields">
          {fields.map(({ name, required, type: inner }) => (
            <li key={name}>
              <code class="strong">{name}</code>
              {!required && <span class="dim"> if any</span>} <TypeTree type={inner} />
            </li>
          ))}
        </ul>
      )}
    </>
  )
}

function TypeName({ type: { words, named, text } }: { readonly type: Type }) {
  return (
    <span>
      {words !== '' && <span class="dim">{words} </span>}
      {named !== undefined && <a href={href('docs', { show: named })}>{named}</a>}
      {text !== undefined && (
        <>
          {' '}
          — <Line text={text} />
        </>
      )}
    </span>
  )
}
