import { account } from '../../account.ts'
import { call } from '../../api/client.ts'
import { useAnswer } from '../../api/use-answer.ts'
import { plural, shortDigest } from '../../format.ts'
import { here, href } from '../../location.ts'
import { Scroll } from '../../parts/scroll.tsx'
import { Answered } from '../../parts/states.tsx'
import { useTitle } from '../../parts/use-title.ts'
import { Foreign, Size } from '../../parts/values.tsx'
import { BelowLayers } from './below-layers.tsx'
import { type SharedLayer, sharedLayers, sharedPairs } from './sharing.ts'
import { SharingMatrix } from './sharing-matrix.tsx'
import { Waterfall } from './waterfall.tsx'
import './deduplication.css'

/** Projects that are added up, and images whose layers are compared. */
const PROJECTS = 100
const IMAGES = 100
const ROWS = 20
/** Repositories of a layer that are named. */
const NAMED = 4

/** What is stored once instead of many times. */
export function DeduplicationView() {
  useTitle('Deduplication')
  const project = here.value.query.get('project')
  const who = JSON.stringify(account.value)
  const projects = useAnswer(`counts of all ${who}`, countAll)
  const sharing = useAnswer(`sharing ${who}`, readSharing)
  return (
    <>
      <h1>Deduplication</h1>
      <p class="dim">Of what you may see. Bytes are compressed, as they are stored and moved.</p>
      <Answered asked={projects} what="Adding up the projects">
        {({ rows, more }) =>
          rows.length === 0 ? (
            <p class="notice">There is no project here that you may see.</p>
          ) : (
            <>
              {more && (
                <p class="notice" role="status">
                  Counted are the first {rows.length} projects by name; there are more.
                </p>
              )}
              <Waterfall rows={rows} />
            </>
          )
        }
      </Answered>
      {project !== null && <BelowLayers key={project} project={project} />}
      <Answered asked={sharing} what="Comparing the layers">
        {({ layers, pairs, images, more }) => (
          <>
            <section>
              <h2>Layers that save most</h2>
              <p class="dim">
                Among {plural(images, 'image')}: the newest tags of{' '}
                {more ? `the first ${IMAGES} repositories by name` : 'each repository'}.
              </p>
              {layers.length === 0 ? (
                <p>No two of them share a layer.</p>
              ) : (
                <Scroll>
                  <table class="shared-layers stacks">
                    <thead>
                      <tr>
                        <th>Layer</th>
                        <th>Instruction</th>
                        <th class="number">Size</th>
                        <th class="number">Images</th>
                        <th class="number">Saves</th>
                        <th>Repositories</th>
                      </tr>
                    </thead>
                    <tbody>
                      {layers.slice(0, ROWS).map((layer) => (
                        <tr key={layer.digest}>
                          <td>
                            <a href={href('layer', { digest: layer.digest })} class="mono">
                              {shortDigest(layer.digest)}
                            </a>
                          </td>
                          <td class="clip">
                            <code>
                              <Foreign text={layer.instruction} />
                            </code>
                          </td>
                          <td class="number" data-label="Size">
                            <Size bytes={layer.size} />
                          </td>
                          <td class="number" data-label="Images">
                            {layer.images}
                          </td>
                          <td class="number" data-label="Saves">
                            <Size bytes={layer.size * (layer.images - 1)} />
                          </td>
                          <td class="wrap" data-label="Repositories">
                            <Repositories layer={layer} />
                          </td>
                        </tr>
                      ))}
                    </tbody>
                  </table>
                </Scroll>
              )}
            </section>
            {pairs.length > 0 && (
              <section>
                <h2>Who shares with whom</h2>
                <p class="dim">Bytes of layers that both have, compressed.</p>
                <SharingMatrix pairs={pairs} />
              </section>
            )}
          </>
        )}
      </Answered>
    </>
  )
}

/** Those that have a layer; where there are many, the layer's own view lists them. */
function Repositories({ layer: { digest, repositories } }: { readonly layer: SharedLayer }) {
  const more = repositories.length - NAMED
  return (
    <span>
      {repositories.slice(0, NAMED).map((name) => (
        <a key={name} href={href('repository', { name })} class="each">
          {name}
        </a>
      ))}
      {more > 0 && <a href={href('layer', { digest })}>and {more} more</a>}
    </span>
  )
}

async function countAll(signal: AbortSignal) {
  const { projects, next } = await call('listProjects', { query: { n: PROJECTS } }, signal)
  const counts = await Promise.all(
    projects.map(({ name }) => call('getCounts', { params: { project: name } }, signal)),
  )
  const rows = counts.map(({ logicalBytes, storedBytes }, index) => ({
    name: projects[index]?.name ?? '',
    logical: logicalBytes,
    stored: storedBytes,
  }))
  return { rows, more: next !== undefined }
}

async function readSharing(signal: AbortSignal) {
  const { repositories, next } = await call('search', { query: { n: IMAGES } }, signal)
  const each = Math.max(1, Math.floor(IMAGES / Math.max(1, repositories.length)))
  const lists = await Promise.all(
    repositories.map(({ name }) =>
      call('getTags', { query: { repository: name, order: 'pushed', n: each } }, signal),
    ),
  )
  const images = lists.flatMap(({ repository, tags }) => tags.map(({ tag }) => `${repository}:${tag}`))
  const more = next !== undefined
  if (images.length === 0) return { layers: [], pairs: [], images: 0, more }
  const grid = await call('analyze', { body: { images } }, signal)
  const layers = sharedLayers(grid)
  return { layers, pairs: sharedPairs(layers), images: grid.columns.length, more }
}
