import { countText, sizeText } from '../../format.ts'
import { href } from '../../location.ts'
import { Scroll } from '../../parts/scroll.tsx'
import type { SharedPair } from './sharing.ts'

/** Repositories that fit beside each other. */
const SHOWN = 16

/** Which repositories share how much with which: those that share most first, the darker the more. */
export function SharingMatrix({ pairs }: { readonly pairs: readonly SharedPair[] }) {
  const names = byShared(pairs).slice(0, SHOWN)
  const known = new Map(
    pairs.flatMap(({ a, b, bytes }) => [[`${a} ${b}`, bytes] as const, [`${b} ${a}`, bytes] as const]),
  )
  const largest = Math.max(1, ...pairs.map(({ bytes }) => bytes))
  return (
    <Scroll label="Who shares with whom" kind="matrix">
      <table>
        <thead>
          <tr>
            <td />
            {names.map((name) => (
              <th key={name} scope="col">
                <span>{name}</span>
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {names.map((row) => (
            <tr key={row}>
              <th scope="row">
                <a href={href('repository', { name: row })}>{row}</a>
              </th>
              {names.map((column) => {
                const bytes = known.get(`${row} ${column}`)
                return row === column ? (
                  <td key={column} class="self" />
                ) : (
                  <td
                    key={column}
                    title={bytes === undefined ? 'nothing' : `${countText(bytes)} bytes`}
                    style={{ '--share': bytes === undefined ? '0%' : `${5 + (bytes / largest) * 35}%` }}
                  >
                    {bytes === undefined ? <span class="dim">–</span> : sizeText(bytes)}
                  </td>
                )
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </Scroll>
  )
}

/** Repositories by all that they share, most first. */
function byShared(pairs: readonly SharedPair[]): string[] {
  const sums = new Map<string, number>()
  for (const { a, b, bytes } of pairs)
    for (const name of [a, b]) sums.set(name, (sums.get(name) ?? 0) + bytes)
  return [...sums].toSorted(([, x], [, y]) => y - x).map(([name]) => name)
}
