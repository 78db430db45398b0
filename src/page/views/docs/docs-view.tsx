import type { ComponentChildren } from 'preact'
import { useEffect, useRef } from 'preact/hooks'
import { plural } from '../../format.ts'
import { here, setQuery } from '../../location.ts'
import { useTitle } from '../../parts/use-title.ts'
import { DESCRIPTION } from './description.generated.ts'
import type { Description, Operation } from './description.ts'
import { OperationCard } from './operation-card.tsx'
import { Line, Prose } from './prose.tsx'
import { TypeTree } from './type-tree.tsx'
import './docs.css'

const FILE = new URL('../../../../openapi.yaml', import.meta.url).href

/** What the server answers, from openapi.yaml: the same file as the tests hold the server to. */
export function DocsView() {
  useTitle('API')
  const { query } = here.value
  const filter = query.get('q') ?? ''
  const shown = query.get('show')
  const { title, text, tags, operations, types }: Description = DESCRIPTION
  const found = operations.filter((one) => isFound(one, filter))
  const named = types.filter(({ name }) => name.toLowerCase().includes(filter.toLowerCase()))
  return (
    <>
      <div class="heading">
        <h1>{title}: the API</h1>
        <span class="actions">
          <a href={FILE} download="openapi.yaml">
            openapi.yaml
          </a>
        </span>
      </div>
      <div class="docs-text">
        <Prose text={text} />
      </div>
      <p class="bar start">
        <input
          type="text"
          aria-label="Filter by path, name or words"
          placeholder="Filter"
          value={filter}
          onInput={(event) => setQuery({ q: event.currentTarget.value }, { replace: true })}
        />
        <span class="dim" role="status">
          {plural(found.length, 'operation')}, {plural(named.length, 'type')}
        </span>
      </p>
      {tags.map(({ name, description }) => {
        const own = found.filter(({ tag }) => tag === name)
        return own.length === 0 ? null : (
          <section key={name}>
            <h2>{name}</h2>
            <p class="dim">
              <Line text={description} />
            </p>
            <div class="folds">
              {own.map((one) => (
                <Part key={one.id} name={one.id} open={shown === one.id} title={<Title operation={one} />}>
                  {() => <OperationCard operation={one} />}
                </Part>
              ))}
            </div>
          </section>
        )
      })}
      {named.length > 0 && (
        <section>
          <h2>Types</h2>
          <div class="folds">
            {named.map((type) => (
              <Part
                key={type.name}
                name={type.name}
                open={shown === type.name}
                title={<code class="strong">{type.name}</code>}
              >
                {() => <TypeTree type={type} />}
              </Part>
            ))}
          </div>
        </section>
      )}
    </>
  )
}

function isFound({ id, path, method, summary }: Operation, filter: string): boolean {
  return `${id} ${method} ${path} ${summary}`.toLowerCase().includes(filter.toLowerCase())
}

function Title({ operation: { method, path, summary } }: { readonly operation: Operation }) {
  return (
    <span class="operation">
      <code class="method">{method}</code>
      <code class="strong">{path}</code>
      <span class="dim">
        <Line text={summary} />
      </span>
    </span>
  )
}

/** One operation or type. The one that the address names is open, and in sight. */
function Part({
  name,
  open,
  title,
  children,
}: {
  readonly name: string
  readonly open: boolean
  readonly title: ComponentChildren
  readonly children: () => ComponentChildren
}) {
  const element = useRef<HTMLDetailsElement>(null)
  useEffect(() => {
    if (open) element.current?.scrollIntoView({ block: 'nearest' })
  }, [open])
  const toggle = (now: boolean) => {
    if (now !== open) setQuery({ show: now ? name : undefined }, { replace: true })
  }
  return (
    <details
      ref={element}
      class="card fold"
      open={open}
      onToggle={(event) => toggle(event.currentTarget.open)}
    >
      <summary>{title}</summary>
      {open && <div class="fold-body">{children()}</div>}
    </details>
  )
}
