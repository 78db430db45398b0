import { account } from '../../account.ts'
import { call } from '../../api/client.ts'
import { useAnswer } from '../../api/use-answer.ts'
import { here } from '../../location.ts'
import { Answered } from '../../parts/states.tsx'
import { useTitle } from '../../parts/use-title.ts'
import { FirstSteps } from './first-steps.tsx'
import { Lately } from './lately.tsx'
import { NewProject } from './new-project.tsx'
import { ProjectTable } from './project-table.tsx'
import { SearchResults } from './search-results.tsx'
import './home.css'

/** Where one begins: what there is for the visitor to see, or how to put something there. */
export function HomeView() {
  const text = here.value.query.get('q')
  useTitle(text === null ? '' : `Search ${text}`)
  if (text !== null) return <SearchResults text={text} />
  return <Projects />
}

function Projects() {
  const who = account.value
  const asked = useAnswer(who === undefined ? undefined : `projects ${JSON.stringify(who)}`, (signal) =>
    call('listProjects', { query: { n: 1000 } }, signal),
  )
  return (
    <>
      <div class="heading">
        <h1>Projects</h1>
        {who?.kind === 'user' && <NewProject again={asked.again} />}
      </div>
      <Answered asked={asked} what="Reading the projects">
        {({ projects, next }) =>
          projects.length === 0 ? (
            <FirstSteps who={who} />
          ) : (
            <div class="home">
              <div>
                <ProjectTable projects={projects} />
                {next !== undefined && <p class="dim">There are more; search finds their repositories.</p>}
              </div>
              <Lately projects={projects} />
            </div>
          )
        }
      </Answered>
    </>
  )
}
