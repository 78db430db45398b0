import { call } from '../../api/client.ts'
import { useAnswer } from '../../api/use-answer.ts'
import { plural } from '../../format.ts'
import { href } from '../../location.ts'
import { Answered } from '../../parts/states.tsx'

/** Repositories whose names hold a text. */
export function SearchResults({ text }: { readonly text: string }) {
  const asked = useAnswer(`search ${text}`, (signal) =>
    call('search', { query: { q: text, n: 200 } }, signal),
  )
  return (
    <section>
      <h1>Search: {text}</h1>
      <Answered asked={asked} what="Searching">
        {({ repositories, next }) =>
          repositories.length === 0 && next === undefined ? (
            <p>
              No repository that you may see has “{text}” in its name. <a href={href('')}>All projects</a>
            </p>
          ) : (
            <>
              <p class="dim">
                {plural(repositories.length, 'repository', 'repositories')}
                {next !== undefined && ', and more: a longer text finds them'}
              </p>
              <ul class="plain results">
                {repositories.map(({ name }) => (
                  <li key={name}>
                    <a href={href('repository', { name })} class="strong">
                      {name}
                    </a>
                  </li>
                ))}
              </ul>
            </>
          )
        }
      </Answered>
    </section>
  )
}
