import type { ImageUser } from '../api/schema.generated.ts'
import { href } from '../location.ts'
import { Scroll } from './scroll.tsx'
import { Ago, Digest } from './values.tsx'

/** Images that have something in common, as rows; in a lineage with the layers that they share. */
export function ImageTable({ images }: { readonly images: readonly ImageUser[] }) {
  const counts = images.some(({ shared }) => shared !== undefined)
  return (
    <Scroll>
      <table>
        <thead>
          <tr>
            <th>Image</th>
            <th>Digest</th>
            {counts && <th class="number">Layers in common</th>}
            <th>Pushed</th>
          </tr>
        </thead>
        <tbody>
          {images.map(({ repository, digest, tags, pushed, shared }) => (
            <tr key={`${repository} ${digest}`}>
              <td class="wrap">
                <a href={href('repository', { name: repository })}>{repository}</a>{' '}
                {tags.map((tag) => (
                  <a key={tag} href={href('image', { ref: `${repository}:${tag}` })} class="tag">
                    {tag}
                  </a>
                ))}
                {tags.length === 0 && (
                  <a href={href('image', { ref: `${repository}@${digest}` })} class="tag">
                    untagged
                  </a>
                )}
              </td>
              <td>
                <Digest digest={digest} />
              </td>
              {counts && <td class="number">{shared}</td>}
              <td>
                <Ago date={pushed} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </Scroll>
  )
}
