import { call } from '../../api/client.ts'
import type { Project } from '../../api/schema.generated.ts'
import { useAnswer } from '../../api/use-answer.ts'
import { href } from '../../location.ts'
import { Answered } from '../../parts/states.tsx'
import { Ago } from '../../parts/values.tsx'

/** Projects that are asked, and repositories that are shown. */
const PROJECTS = 12
const SHOWN = 10

/** Where something was pushed lately. */
export function Lately({ projects }: { readonly projects: readonly Project[] }) {
  const names = projects.slice(0, PROJECTS).map(({ name }) => name)
  const asked = useAnswer(`lately ${names.join(' ')}`, async (signal) => {
    const lists = await Promise.all(
      names.map((project) => call('getRepositories', { params: { project }, query: { n: 100 } }, signal)),
    )
    return lists
      .flatMap(({ repositories }) => repositories)
      .flatMap(({ name, pushed }) => (pushed === undefined ? [] : [{ name, pushed }]))
      .toSorted((a, b) => (a.pushed < b.pushed ? 1 : -1))
      .slice(0, SHOWN)
  })
  return (
    <aside aria-label="Lately">
      <h2>Lately pushed</h2>
      {projects.length > PROJECTS && <p class="dim">In the first {PROJECTS} projects by name.</p>}
      <Answered asked={asked} what="Reading the last pushes">
        {(pushes) =>
          pushes.length === 0 ? (
            <p class="dim">Nothing yet.</p>
          ) : (
            <ul class="plain">
              {pushes.map(({ name, pushed }) => (
                <li key={name}>
                  <a href={href('repository', { name })}>{name}</a>{' '}
                  <span class="dim">
                    <Ago date={pushed} />
                  </span>
                </li>
              ))}
            </ul>
          )
        }
      </Answered>
    </aside>
  )
}
