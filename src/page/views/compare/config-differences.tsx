import type { ImageView as Image } from '../../api/schema.generated.ts'
import { visibleText } from '../../format.ts'
import { Scroll } from '../../parts/scroll.tsx'
import { configDifferences } from './compare.ts'

/** What the two configurations say differently. */
export function ConfigDifferences({ a, b }: { readonly a: Image; readonly b: Image }) {
  const differences = configDifferences(a.config, b.config)
  return (
    <section>
      <h2>Configuration</h2>
      {differences.length === 0 ? (
        <p class="dim">Containers of both start the same way.</p>
      ) : (
        <Scroll label="Configurations side by side">
          <table class="stacks">
            <thead>
              <tr>
                <th>What</th>
                <th>A</th>
                <th>B</th>
              </tr>
            </thead>
            <tbody>
              {differences.map(({ name, a: left, b: right }) => (
                <tr key={name}>
                  <td>{visibleText(name)}</td>
                  <td class="wrap" data-label="A">
                    {left === undefined ? <span class="dim">–</span> : <code>{visibleText(left)}</code>}
                  </td>
                  <td class="wrap" data-label="B">
                    {right === undefined ? <span class="dim">–</span> : <code>{visibleText(right)}</code>}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </Scroll>
      )}
    </section>
  )
}
