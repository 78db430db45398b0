import { inOneLine } from './printable.ts'

/** Rows as aligned columns under their titles; `none` when there are no rows. */
export function table(
  titles: readonly string[],
  given: readonly (readonly string[])[],
  none: string,
): string {
  if (given.length === 0) return none
  const rows = given.map((row) => row.map(inOneLine))
  const widths = titles.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)),
  )
  return [titles, ...rows]
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}

/** The day of a date in an answer of the server; `never` when there is none. */
export function day(date: string | undefined): string {
  return date?.slice(0, 10) ?? 'never'
}

const UNITS = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'] as const

/** A number of bytes as people read it: `1.5 GiB`. */
export function bytes(count: number): string {
  const step = Math.min(Math.floor(Math.log2(Math.max(Math.abs(count), 1)) / 10), UNITS.length - 1)
  const value = count / 1024 ** step
  return `${step === 0 ? value : value.toFixed(1)} ${UNITS[step] ?? ''}`
}
