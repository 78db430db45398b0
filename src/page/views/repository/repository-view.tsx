import { call } from '../../api/client.ts'
import { useAnswer } from '../../api/use-answer.ts'
import { countText, plural } from '../../format.ts'
import { here, href, setQuery } from '../../location.ts'
import { Fold } from '../../parts/fold.tsx'
import { Answered, Commands } from '../../parts/states.tsx'
import { useTitle } from '../../parts/use-title.ts'
import { Visibility } from '../../parts/visibility.tsx'
import { pullCommand } from '../../pull-command.ts'
import { registryHost } from '../../registry-host.ts'
import { pagesOf } from '../files/pages.ts'
import { DeletedPart } from './deleted-part.tsx'
import { FindTags } from './find-tags.tsx'
import { pushesOf } from './pushes.ts'
import { readTags } from './read-tags.ts'
import { StripChart } from './strip-chart.tsx'
import { TagTable } from './tag-table.tsx'
import './repository.css'

/** Tags whose layers are compared: as many as one question takes. */
const COMPARED = 100
/** Tags among which one looks without searching. */
const FEW = 20

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
  const { query } = here.value
  const find = query.get('find') ?? ''
  const pages = pagesOf(query)
  const asked = useAnswer(`tags ${name} ${find} ${pages}`, (signal) =>
    readTags({ repository: name, find, pages }, signal),
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
        {({ tags, total, next }) => {
          const pushes = pushesOf(tags, grid.value)
          const newestTag = pushes.at(-1)?.tag
          return tags.length === 0 && find === '' ? (
            <div class="card teach">
              <p>No tag here. What was pushed by digest alone is not listed. Push a tag:</p>
              <Commands lines={[`docker push ${registryHost(location)}/${name}:v1`]} />
            </div>
          ) : (
            <>
              {newestTag !== undefined && (
                <Commands
                  lines={[
                    pullCommand({ ref: `${name}:${newestTag.tag}`, artifactType: newestTag.artifactType }),
                  ]}
                />
              )}
              {(find !== '' || total > FEW) && <FindTags />}
              <p class="dim">
                {total === 0 ? 'No tag' : plural(total, 'tag')}
                {find !== '' && ` with “${find}” in the name`}
                {next !== undefined && `; the ${countText(tags.length)} pushed last`}
                {newest.length > 1 && (
                  <>
                    {' · '}
                    <a href={href('grid', { i: newest.slice(0, 12).toReversed() })}>
                      the newest side by side
                    </a>
                  </>
                )}
              </p>
              <StripChart repository={name} pushes={pushes} />
              {tags.length > 0 && (
                <TagTable repository={name} pushes={pushes.toReversed()} may={may} changed={asked.again} />
              )}
              {next !== undefined && (
                <p>
                  <button
                    type="button"
                    class="button quiet"
                    onClick={() => setQuery({ pages: pages + 1 }, { replace: true })}
                  >
                    Show more
                  </button>
                </p>
              )}
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
