import { useEffect, useState } from 'preact/hooks'
import { call } from '../../api/client.ts'
import type { SearchView } from '../../api/schema.generated.ts'
import { useAnswer } from '../../api/use-answer.ts'
import { plural, shortDigest } from '../../format.ts'
import { href } from '../../location.ts'
import { Answered } from '../../parts/states.tsx'
import { Size } from '../../parts/values.tsx'

const PAGE = 200

/** Repositories, tags, images and layers that a text may mean. */
export function SearchResults({ text }: { readonly text: string }) {
  return (
    <section>
      <h1>Search: {text}</h1>
      <Page key={text} text={text} last={undefined} />
    </section>
  )
}

/** One page of what was found, and the next one behind it when it is asked for. */
function Page({ text, last }: { readonly text: string; readonly last: string | undefined }) {
  const [goOn, setGoOn] = useState(false)
  const asked = useAnswer(`search ${text} ${last ?? ''}`, (signal) =>
    call('search', { query: { q: text, n: PAGE, last } }, signal),
  )
  const empty = asked.value?.repositories.length === 0 && asked.value.blobs.length === 0
  useEffect(() => {
    // A page of a large registry may hold nothing, and the next one something.
    if (empty && asked.value.next !== undefined) setGoOn(true)
  }, [empty, asked.value])
  return (
    <Answered asked={asked} what="Searching">
      {(found) => (
        <>
          {empty && found.next === undefined && last === undefined ? (
            <Nothing text={text} />
          ) : (
            <Hits found={found} />
          )}
          {found.next !== undefined &&
            (goOn ? (
              <Page text={text} last={found.next} />
            ) : (
              <button type="button" class="button quiet" onClick={() => setGoOn(true)}>
                Search on behind {found.next}
              </button>
            ))}
        </>
      )}
    </Answered>
  )
}

function Nothing({ text }: { readonly text: string }) {
  return (
    <>
      <p>
        Nothing that you may see has “{text}” in its name, or a tag or digest that begins with it.{' '}
        <a href={href('')}>All projects</a>
      </p>
      <p class="dim">
        It finds a part of a repository's name, the begin of a tag, 7 or more digits of a digest (of an image
        or a layer), and both together: <code>app:v1</code>. Files are found in the view of an image.
      </p>
    </>
  )
}

function Hits({ found: { repositories, blobs } }: { readonly found: SearchView }) {
  return (
    <>
      {repositories.length > 0 && (
        <>
          <p class="dim">{plural(repositories.length, 'repository', 'repositories')}</p>
          <ul class="plain results">
            {repositories.map(({ name, tags, manifests }) => (
              <li key={name}>
                <a href={href('repository', { name })} class="strong">
                  {name}
                </a>{' '}
                {tags.map((tag) => (
                  <a key={tag} href={href('image', { ref: `${name}:${tag}` })} class="tag">
                    {tag}
                  </a>
                ))}
                {manifests.map((digest) => (
                  <a key={digest} href={href('image', { ref: `${name}@${digest}` })} class="tag mono">
                    {shortDigest(digest)}
                  </a>
                ))}
              </li>
            ))}
          </ul>
        </>
      )}
      {blobs.length > 0 && (
        <>
          <h2>Layers and configurations</h2>
          <ul class="plain results">
            {blobs.map(({ digest, size }) => (
              <li key={digest}>
                <a href={href('layer', { digest })} class="mono">
                  {shortDigest(digest)}
                </a>{' '}
                <span class="dim">
                  <Size bytes={size} /> compressed
                </span>
              </li>
            ))}
          </ul>
        </>
      )}
    </>
  )
}
