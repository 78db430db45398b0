/** Where the page is: the view is the last segment of the path (empty: home), everything else is in the query. */
export interface Place {
  readonly view: string
  readonly query: URLSearchParams
}

/** The values of a query: undefined, false and '' leave a name out, true stands alone, a list repeats it. */
export type QueryValues = Readonly<Record<string, string | number | boolean | readonly string[] | undefined>>

/** Whether a text may be followed after signing in: a path of this page, nothing that leads to another origin. */
export function isReturnPath(text: string, base: string): boolean {
  return /^\/(?![/\\])[^\\\s]*$/.test(text) && text.startsWith(base)
}

/** Reads a whole address. */
export function placeOf(address: string): Place {
  const url = new URL(address)
  return { view: url.pathname.split('/').at(-1) ?? '', query: url.searchParams }
}

/** As readable as addresses may be: slashes, colons and the like stand for themselves in a query. */
export function queryText(query: QueryValues): string {
  return Object.entries(query)
    .flatMap(([name, value]) => {
      if (value === undefined || value === false || value === '') return []
      if (value === true) return [encode(name)]
      return [value]
        .flat()
        .map((one) => (one === '' ? encode(name) : `${encode(name)}=${encode(String(one))}`))
    })
    .join('&')
}

function encode(text: string): string {
  return encodeURIComponent(text.toWellFormed()).replaceAll(/%(?:2F|3A|40|2C)/g, decodeURIComponent)
}
