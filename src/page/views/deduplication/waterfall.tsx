import { percentText, plural } from '../../format.ts'
import { here, href } from '../../location.ts'
import { Scroll } from '../../parts/scroll.tsx'
import { Size } from '../../parts/values.tsx'
import { Bars } from './bars.tsx'

/** A project in bytes: each image for itself, and the same content once. */
export interface ProjectBytes {
  readonly name: string
  readonly logical: number
  readonly stored: number
}

/** From what was pushed to what is kept, in steps; below, project by project. */
export function Waterfall({ rows }: { readonly rows: readonly ProjectBytes[] }) {
  const logical = rows.reduce((sum, row) => sum + row.logical, 0)
  const stored = rows.reduce((sum, row) => sum + row.stored, 0)
  const chosen = here.value.query.get('project')
  const filled = rows.filter(({ name, logical: bytes }) => bytes > 0 || name === chosen)
  const empty = rows.length - filled.length
  return (
    <section>
      <Bars
        rows={[
          { name: 'as pushed, image by image', kind: 'logical', bytes: logical },
          { name: 'each layer once in a project', kind: 'stored', bytes: stored },
        ]}
      />
      <p>
        {logical === 0
          ? 'Nothing is stored yet.'
          : `${percentText(1 - stored / logical)} of what was pushed did not have to be stored again.`}
      </p>
      <Scroll label="Projects">
        <table>
          <thead>
            <tr>
              <th>Project</th>
              <th class="number">As pushed</th>
              <th class="number">Stored</th>
              <th class="number">Saved</th>
              <th>Below the layers</th>
            </tr>
          </thead>
          <tbody>
            {filled
              .toSorted((a, b) => b.logical - b.stored - (a.logical - a.stored))
              .map((row) => (
                <tr key={row.name}>
                  <td>
                    <a href={href('project', { name: row.name })}>{row.name}</a>
                  </td>
                  <td class="number">
                    <Size bytes={row.logical} />
                  </td>
                  <td class="number">
                    <Size bytes={row.stored} />
                  </td>
                  <td class="number">
                    <Size bytes={row.logical - row.stored} />
                  </td>
                  <td>
                    <a
                      href={href('deduplication', { project: row.name })}
                      aria-current={chosen === row.name ? 'true' : undefined}
                    >
                      files of {row.name}
                    </a>
                  </td>
                </tr>
              ))}
          </tbody>
        </table>
      </Scroll>
      {empty > 0 && <p class="dim">{plural(empty, 'project')} without an image: not listed.</p>}
    </section>
  )
}
