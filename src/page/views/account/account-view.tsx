import { account } from '../../account.ts'
import { call } from '../../api/client.ts'
import { useAnswer } from '../../api/use-answer.ts'
import { ActionTable } from '../../parts/action-table.tsx'
import { Answered, signInHref } from '../../parts/states.tsx'
import { useTitle } from '../../parts/use-title.ts'
import { Ago } from '../../parts/values.tsx'
import { TokensPart } from './tokens-part.tsx'

/** What belongs to whom is signed in: tokens and browsers. */
export function AccountView() {
  useTitle('Account')
  const who = account.value
  if (who === null)
    return (
      <p class="notice">
        Nobody is signed in here. <a href={signInHref()}>Sign in</a> to see your tokens and browsers.
      </p>
    )
  if (who === undefined) return null
  if (who.kind === 'unchecked')
    return (
      <p class="notice">This registry runs without accounts (LAMINA_AUTH=off): anyone may do anything.</p>
    )
  return (
    <>
      <h1>{who.name}</h1>
      <p class="dim">
        {who.kind === 'account'
          ? `Service account of the project ${who.project}, ${who.role}`
          : who.admin
            ? 'User, administrator of the registry'
            : 'User'}
      </p>
      {who.kind === 'user' && <TokensPart user={who.name} />}
      <SessionsPart />
    </>
  )
}

function SessionsPart() {
  const asked = useAnswer('sessions', (signal) => call('listSessions', {}, signal))
  const end = (id: string) => {
    call('deleteSession', { params: { id } }).then(asked.again, asked.again)
  }
  return (
    <section>
      <h2>Browsers</h2>
      <Answered asked={asked} what="Reading where you are signed in">
        {({ sessions }) => (
          <ActionTable
            rows={sessions}
            keyOf={({ id }) => id}
            columns={[
              {
                head: 'Browser',
                look: 'wrap',
                cell: ({ agent, current }) => (
                  <>
                    {agent === '' ? 'unknown' : agent} {current && <span class="pill">this one</span>}
                  </>
                ),
              },
              { head: 'Signed in', cell: ({ created }) => <Ago date={created} /> },
              { head: 'Ends', cell: ({ expires }) => <Ago date={expires} /> },
            ]}
            action={({ id, current }) =>
              !current && (
                <button type="button" class="link danger" onClick={() => end(id)}>
                  Sign out
                </button>
              )
            }
          />
        )}
      </Answered>
    </section>
  )
}
