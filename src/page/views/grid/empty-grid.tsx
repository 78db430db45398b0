import { useState } from 'preact/hooks'
import { call } from '../../api/client.ts'
import { useAnswer } from '../../api/use-answer.ts'
import { href } from '../../location.ts'
import { Answered, Commands } from '../../parts/states.tsx'
import { registryHost } from '../../registry-host.ts'
import { ManageDialog } from './manage-dialog.tsx'

/** Images that the sample set has at most. */
const SAMPLE = 8

/** What the grid is for, and a way to fill it: one's own choice, or what this registry happens to have. */
export function EmptyGrid() {
  const [choosing, setChoosing] = useState(false)
  const asked = useAnswer('sample', sample)
  return (
    <section class="card teach">
      <h1>Grid</h1>
      <p>
        Images side by side, one column each, the base on top. What they share from the base on is one wide
        box, so one sees where images branch, what each step adds, and what is stored only once.
      </p>
      <p>
        <button type="button" class="button" onClick={() => setChoosing(true)}>
          Choose images
        </button>
      </p>
      <Answered asked={asked} what="Looking for a sample">
        {(images) =>
          images.length > 0 ? (
            <p>
              Or look at <a href={href('grid', { i: images })}>a sample of what is here</a>:{' '}
              {images.join(', ')}.
            </p>
          ) : (
            <>
              <p>There is no image here that you may see. Push one:</p>
              <Commands
                lines={[
                  `docker tag alpine ${registryHost(location)}/demo/alpine:v1`,
                  `docker push ${registryHost(location)}/demo/alpine:v1`,
                ]}
              />
            </>
          )
        }
      </Answered>
      {choosing && <ManageDialog images={[]} errors={[]} close={() => setChoosing(false)} />}
    </section>
  )
}

/** The newest tags of the first repositories. */
async function sample(signal: AbortSignal): Promise<string[]> {
  const { repositories } = await call('search', { query: { n: 4 } }, signal)
  const lists = await Promise.all(
    repositories.map(({ name }) =>
      call('getTags', { query: { repository: name, order: 'pushed', n: SAMPLE } }, signal),
    ),
  )
  return lists
    .flatMap(({ repository, tags }) =>
      tags.slice(0, Math.max(2, SAMPLE / lists.length)).map(({ tag }) => `${repository}:${tag}`),
    )
    .slice(0, SAMPLE)
}
