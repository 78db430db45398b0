/** Rows as aligned columns under their titles; `none` when there are no rows. */
export function table(titles: readonly string[], rows: readonly (readonly string[])[], none: string): string {
  if (rows.length === 0) return none
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
