import { readFile } from 'node:fs/promises'

/** One test of a junit.xml, as far as the suites write it. */
export interface JunitCase {
  name: string
  status: string
}

/** A junit.xml: its cases and the counts that the suite itself states. */
export interface Junit {
  cases: JunitCase[]
  failures: number
  errors: number
  skipped: number
  disabled: number
}

/** Reads a junit.xml written by one of the official suites. Throws when the file is missing or holds no test. */
export async function readJunit(file: string): Promise<Junit> {
  const text = await readFile(file, 'utf8')
  const cases = [...text.matchAll(/<testcase ([^>]*)>/g)].map(([, attributes = '']) => ({
    name: attribute(attributes, 'name') ?? '',
    status: attribute(attributes, 'status') ?? 'missing',
  }))
  if (cases.length === 0) throw new Error(`${file} holds no test`)
  const totals = [...text.matchAll(/<testsuites? ([^>]*)>/g)].map(([, attributes = '']) => attributes)
  const count = (name: string): number =>
    Math.max(0, ...totals.map((attributes) => Number(attribute(attributes, name) ?? '0')))
  return {
    cases,
    failures: count('failures'),
    errors: count('errors'),
    skipped: count('skipped'),
    disabled: count('disabled'),
  }
}

/** The names of cases with a status other than passed, shortened to what fits a line. */
export function notPassed(cases: JunitCase[]): string {
  const names = cases
    .filter(({ status }) => status !== 'passed')
    .map(({ name, status }) => `${status}: ${name}`)
  const more = names.length > 6 ? `; and ${names.length - 6} more` : ''
  return `${names.slice(0, 6).join('; ')}${more}`
}

function attribute(attributes: string, name: string): string | undefined {
  return new RegExp(`(?:^|\\s)${name}="([^"]*)"`).exec(attributes)?.[1]?.replaceAll('&#xA;', ' ')
}
