import type { ComponentChildren } from 'preact'
import { account } from '../account.ts'
import type { Problem } from '../api/client.ts'
import type { Asked } from '../api/use-answer.ts'
import { visibleText } from '../format.ts'
import { here, href } from '../location.ts'
import { CopyButton } from './copy-button.tsx'
import { Icon } from './icon.tsx'

/** What is being waited for, in words: they come a moment late, so that quick answers do not flicker. */
export function Loading({ what }: { readonly what: string }) {
  return (
    <p class="loading" role="status">
      {what} …
    </p>
  )
}

/** What happened, what to do, and how to find it in the server's log. */
export function Failed({ problem, again }: { readonly problem: Problem; readonly again?: () => void }) {
  const hidden = account.value === null && [401, 403, 404].includes(problem.status)
  return (
    <div class="notice notice-bad" role="alert">
      <Icon name="warning" />
      <div>
        <p>{problem.message}</p>
        {hidden && (
          <p>
            It may be there for who is signed in: <a href={signInHref()}>sign in</a>.
          </p>
        )}
        <p class="dim">
          {problem.code}
          {problem.requestId !== undefined && (
            <>
              {' · request '}
              <code>{problem.requestId}</code>
              <CopyButton text={problem.requestId} what="request id" />
            </>
          )}{' '}
          {again !== undefined && (
            <button type="button" class="link" onClick={again}>
              try again
            </button>
          )}
        </p>
      </div>
    </div>
  )
}

/** Sign in, and come back to where one is. */
export function signInHref(): string {
  const { view, query } = here.value
  if (view === 'sign-in') return href('sign-in', { to: query.get('to') ?? '' })
  return href('sign-in', { to: `${location.pathname}${location.search}` })
}

/** Shows an answer, or what stands in its way. An old answer stays while a new one comes. */
export function Answered<Value>({
  asked,
  what,
  title = '',
  children,
}: {
  readonly asked: Asked<Value>
  readonly what: string
  /** The heading of a whole view, until the answer brings its own. */
  readonly title?: string
  readonly children: (value: Value) => ComponentChildren
}) {
  if (asked.value !== undefined)
    return <div class={asked.loading ? 'stale' : 'fresh'}>{children(asked.value)}</div>
  return (
    <>
      {title !== '' && <h1>{visibleText(title)}</h1>}
      {asked.problem !== undefined && !asked.loading ? (
        <Failed problem={asked.problem} again={asked.again} />
      ) : (
        <Loading what={what} />
      )}
    </>
  )
}

/** Lines for a shell, to be copied. */
export function Commands({ lines }: { readonly lines: readonly string[] }) {
  return (
    <div class="commands">
      <pre tabIndex={0}>{lines.join('\n')}</pre>
      <CopyButton text={lines.join('\n')} what={lines.length === 1 ? 'command' : 'commands'} />
    </div>
  )
}
