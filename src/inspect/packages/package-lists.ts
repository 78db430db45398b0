import type { Form, Package } from './package-files.ts'
import { rpmPackages } from './rpm-database.ts'

/** The packages that a file tells of; undefined when it is not of its form. */
export function packagesIn(form: Form, content: Buffer): readonly Package[] | undefined {
  switch (form) {
    case 'dpkg':
      return [...paragraphs(content)].flatMap(debian)
    case 'apk':
      return [...paragraphs(content)].flatMap(alpine)
    case 'rpm':
      return rpmPackages(content)
    case 'npm':
      return npm(content)
  }
}

type Fields = ReadonlyMap<string, string>

/** Fields that count here; others of a paragraph, and what goes on over several lines, are of no interest. */
const FIELD = /^(Package|Status|Version|Architecture|P|V|A):[ \t]*(.*?)[ \t\r]*$/gm

/** `Name: value` by lines, with empty lines between packages. */
function* paragraphs(content: Buffer): Generator<Fields> {
  const text = content.toString()
  for (let at = 0; at < text.length; ) {
    const found = text.indexOf('\n\n', at)
    const end = found < 0 ? text.length : found
    const fields = text.slice(at, end).matchAll(FIELD)
    yield new Map(Array.from(fields, ([, name = '', value = '']) => [name, value]))
    at = end + 2
  }
}

/** What was removed and left its settings behind is there, too, with a status of its own. */
function debian(fields: Fields): Package[] {
  const status = fields.get('Status')
  if (status !== undefined && !status.endsWith(' installed')) return []
  return packageOf('deb', fields.get('Package'), fields.get('Version'), fields.get('Architecture'))
}

function alpine(fields: Fields): Package[] {
  return packageOf('apk', fields.get('P'), fields.get('V'), fields.get('A'))
}

function npm(content: Buffer): Package[] | undefined {
  try {
    const value: unknown = JSON.parse(content.toString())
    if (typeof value !== 'object' || value === null) return undefined
    const text = (name: string): string | undefined => {
      const field: unknown = Reflect.get(value, name)
      return typeof field === 'string' ? field : undefined
    }
    return packageOf('npm', text('name'), text('version'), undefined)
  } catch {
    // Packages ship broken ones for their own tests.
    return undefined
  }
}

function packageOf(
  type: Package['type'],
  name: string | undefined,
  version: string | undefined,
  arch: string | undefined,
): Package[] {
  if (name === undefined || name === '' || version === undefined || version === '') return []
  return [{ type, name, version, ...(arch !== undefined && { arch }) }]
}
