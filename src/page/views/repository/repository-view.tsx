import { call } from '../../api/client.ts'
import { useAnswer } from '../../api/use-answer.ts'
import { plural } from '../../format.ts'
import { here, href } from '../../location.ts'
import { Fold } from '../../parts/fold.tsx'
import { Answered, Commands } from '../../parts/states.tsx'
import { useTitle } from '../../parts/use-title.ts'
import { Visibility } from '../../parts/visibility.tsx'
import { DeletedPart } from './deleted-part.tsx'
import { pushesOf } from './pushes.ts'
import { StripChart } from './strip-chart.tsx'
import { TagTable } from './tag-table.tsx'
import './repository.css'

/** Tags whose layers are compared: as many as one question takes. */
const COMPARED = 100

/** Until it is known what one may do. */
const NOTHING = { push: false, administer: false }

/** The tags of a repository, and what each push brought. */
export function RepositoryView() {
  const name = here.value.query.get('name') ?? ''
  const project = name.split('/', 1)[0] ?? ''
  useTitle(name)
  const about = useAnswer(`project ${project}`, (signal) =>
    call('getProject', { params: { project } }, signal),
  )
  const may = about.value?.may ?? NOTHING
  const asked = useAnswer(`tags ${name}`, (signal) =>
    call('getTags', { query: { repository: name, n: 1000 } }, signal),
  )
  // Rows are as high as the buttons of who may change them: without waiting, they would move away from a click.
  const isEarly = about.value === undefined && about.loading
  const shown = isEarly ? { ...asked, value: undefined, loading: true } : asked
  const newest = (asked.value?.tags ?? [])
    .toSorted((a, b) => (a.pushed < b.pushed ? 1 : -1))
    .slice(0, COMPARED)
    .map(({ tag }) => `${name}:${tag}`)
  const grid = useAnswer(newest.length === 0 ? undefined : `grid ${newest.join(' ')}`, (signal) =>
    call('analyze', { body: { images: newest } }, signal),
  )
  return (
    <>
      <div class="heading">
        <h1>
          <a href={href('project', { name: project })}>{project}</a>
          {name.slice(project.length)}
        </h1>
        {about.value !== undefined && <Visibility open={about.value.public} />}
        {may.push && (
          <span class="actions">
            <a href={href('upload', { to: name })}>Upload an archive</a>
          </span>
        )}
      </div>
      <Answered asked={shown} what="Reading the tags">
        {({ tags, next }) => {
          const pushes = pushesOf(tags, grid.value)
          return tags.length === 0 ? (
            <div class="card teach">
              <p>No tag here. What was pushed by digest alone is not listed. Push a tag:</p>
              <Commands lines={[`docker push ${location.host}/${name}:v1`]} />
            </div>
          ) : (
            <>
              <Commands
                lines={[`docker pull ${location.host}/${name}:${pushes.at(-1)?.tag.tag ?? 'latest'}`]}
              />
              <p class="dim">
                {plural(tags.length, 'tag')}
                {next !== undefined && ', and more'} ·{' '}
                <a href={href('grid', { i: newest.slice(0, 12).toReversed() })}>the newest side by side</a>
              </p>
              <StripChart repository={name} pushes={pushes} />
              <TagTable repository={name} pushes={pushes.toReversed()} may={may} changed={asked.again} />
            </>
          )
        }}
      </Answered>
      {may.push && asked.value !== undefined && (
        <div class="folds">
          <Fold name="deleted" title="Deleted lately">
            {() => <DeletedPart key={asked.value?.tags.length} repository={name} changed={asked.again} />}
          </Fold>
        </div>
      )}
    </>
  )
}
