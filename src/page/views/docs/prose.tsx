/** A text of openapi.yaml: paragraphs, and what stands in backticks as code. */
export function Prose({ text }: { readonly text: string | undefined }) {
  if (text === undefined) return null
  return (
    <>
      {text
        .trim()
        .split(/\n{2,}/)
        .map((paragraph) => (
          <p key={paragraph}>
            <Line text={paragraph} />
          </p>
        ))}
    </>
  )
}

/** One sentence or more, in a row. */
export function Line({ text }: { readonly text: string | undefined }) {
  return (
    <>
      {(text ?? '')
        .split(/`([^`]+)`/)
        .map((part, index) => (index % 2 === 0 ? part : <code key={`${index}`}>{part}</code>))}
    </>
  )
}
