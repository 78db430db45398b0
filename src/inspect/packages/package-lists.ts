import { setImmediate } from 'node:timers/promises'
import type { Form, Package } from './package-files.ts'
import { rpmPackages } from './rpm-database.ts'

/** Packages of one answer, and of one list but for one more, which says that there are more. Systems have some thousands. */
export const MOST_PACKAGES = 20_000

/** Bytes of lists that are read in one turn of the event loop: their authors may be anyone, and others wait. */
export const IN_ONE_TURN = 256 * 1024

/** Bytes of a line that says a name or a version. Longer ones list what a package needs, or say nothing true. */
const LINE = 1000

/** The packages that a file tells of; undefined when it is not of its form. */
export async function packagesIn(form: Form, content: Buffer): Promise<readonly Package[] | undefined> {
  switch (form) {
    case 'dpkg':
      return fromParagraphs(content, debian)
    case 'apk':
      return fromParagraphs(content, alpine)
    case 'rpm':
      return rpmPackages(content)?.slice(0, MOST_PACKAGES + 1)
    case 'npm':
      return npm(content)
  }
}

type Fields = ReadonlyMap<string, string>

/** Fields that count here; others of a paragraph, and what goes on over several lines, are of no interest. */
const FIELD = /^(Package|Status|Version|Architecture|P|V|A):(.*)$/s
const LINE_END = 0x0a

/** What is said in lines of `Name: value`, with empty lines between packages. */
async function fromParagraphs(
  content: Buffer,
  read: (fields: Fields) => readonly Package[],
): Promise<Package[]> {
  const packages: Package[] = []
  let fields = new Map<string, string>()
  let rested = 0
  for (let at = 0; at <= content.length && packages.length <= MOST_PACKAGES; ) {
    const found = content.indexOf(LINE_END, at)
    const end = found < 0 ? content.length : found
    const isField = end > at && end - at <= LINE
    const [, name, value = ''] = (isField && FIELD.exec(content.toString('utf8', at, end))) || []
    if (name !== undefined) fields.set(name, value.trim())
    if ((end === at || found < 0) && fields.size > 0) {
      packages.push(...read(fields))
      fields = new Map()
    }
    at = end + 1
    if (at - rested < IN_ONE_TURN) continue
    rested = at
    await setImmediate()
  }
  return packages
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
  if (name.length > LINE || version.length > LINE) return []
  return [{ type, name, version, ...(arch !== undefined && { arch }) }]
}
