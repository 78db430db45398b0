import { percentText } from '../../format.ts'
import { href } from '../../location.ts'
import { Size } from '../../parts/values.tsx'

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
  const steps = [
    ['as pushed, image by image', 'logical', logical],
    ['each layer once in a project', 'stored', stored],
  ] as const
  return (
    <section>
      <dl class="waterfall">
        {steps.map(([name, style, bytes]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>
              <span
                class={`fall ${style}`}
                style={{ width: `${logical === 0 ? 0 : (bytes / logical) * 100}%` }}
              />
              <Size bytes={bytes} />
            </dd>
          </div>
        ))}
      </dl>
      <p>
        {logical === 0
          ? 'Nothing is stored yet.'
          : `${percentText(1 - stored / logical)} of what was pushed did not have to be stored again.`}
      </p>
      <div class="scroll">
        <table>
          <thead>
            <tr>
              <th>Project</th>
              <th class="number">As pushed</th>
              <th class="number">Stored</th>
              <th class="number">Saved</th>
            </tr>
          </thead>
          <tbody>
            {rows
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
                </tr>
              ))}
          </tbody>
        </table>
      </div>
    </section>
  )
}
