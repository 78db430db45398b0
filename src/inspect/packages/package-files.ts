import { type IndexEntry, pathOf } from '../layer/index-entry.ts'
import type { IndexReader } from '../layer/index-reader.ts'
import { walkImage } from '../walk-image.ts'

/** A package of an image. */
export interface Package {
  readonly type: PackageType
  readonly name: string
  readonly version: string
  readonly arch?: string
}

export type PackageType = 'deb' | 'apk' | 'rpm' | 'npm' | 'python'

/** How a file says which packages there are: in words of one of the package managers, or by its own path. */
export type Form = 'dpkg' | 'apk' | 'rpm' | 'npm'

/** A file that says which packages there are. */
export interface PackageFile {
  readonly form: Form
  /** Raw bytes (latin1). */
  readonly path: string
  /** As each layer ships it, base first; the last one is what there is in the end. Of npm's, which speak of one package, that alone. */
  readonly versions: readonly { readonly layer: number; readonly entry: IndexEntry }[]
}

/** A package that its path alone tells of. */
export interface PackagePath extends Package {
  readonly path: string
  readonly layer: number
}

export interface PackageFiles {
  readonly files: readonly PackageFile[]
  readonly known: readonly PackagePath[]
  /** More than are looked at. */
  readonly more: boolean
}

/** Files, in each layer that ships them, and packages that one look takes: npm has a file for each package. */
const MOST = 20_000

const FORMS: readonly (readonly [Form, RegExp])[] = [
  ['dpkg', /^var\/lib\/dpkg\/(?:status|status\.d\/[^/]+(?<!\.md5sums))$/],
  ['apk', /^(?:usr\/)?lib\/apk\/db\/installed$/],
  ['rpm', /^(?:var\/lib\/rpm|usr\/lib\/sysimage\/rpm)\/rpmdb\.sqlite$/],
  ['npm', /(?:^|\/)node_modules\/(?:@[^/]+\/)?[^/@.][^/]*\/package\.json$/],
]

/** `requests-2.31.0.dist-info` and `six-1.16.0-py3.11.egg-info`, of which the files in the directory speak, or it is one. */
const PYTHON =
  /(?:^|\/)([A-Za-z0-9._]+)-([0-9][^/-]*)(?:-py[0-9.]+)?\.(?:dist-info\/METADATA|egg-info\/PKG-INFO|egg-info)$/

/** Names of them all: of a million files few have one, and paths take longer to look at. */
const IN_PIECES = 'var/lib/dpkg/status.d'
const NAMES = /^(?:status|installed|rpmdb\.sqlite|package\.json|METADATA|PKG-INFO|.+\.egg-info)$/

/** F21: what in an image says which packages there are, of what is there in the end. */
export async function packageFilesIn(layers: readonly (IndexReader | undefined)[]): Promise<PackageFiles> {
  const files: PackageFile[] = []
  const known: PackagePath[] = []
  let held = 0
  for await (const { parent, name, entry, versions } of walkImage(layers)) {
    if (entry?.kind !== 'file' || !(NAMES.test(name) || parent === IN_PIECES)) continue
    const path = pathOf({ parent, name })
    const file = packageFile(path, versions)
    const python = pythonPackage(path, versions.at(-1)?.layer)
    if (file !== undefined) files.push(file)
    known.push(...python)
    held += (file?.versions.length ?? 0) + python.length
    if (held > MOST) return { files, known, more: true }
  }
  return { files, known, more: false }
}

function packageFile(path: string, versions: PackageFile['versions']): PackageFile | undefined {
  const [form] = FORMS.find(([, pattern]) => pattern.test(path)) ?? []
  const shipped = versions.filter(({ entry }) => entry.kind === 'file')
  return form && { form, path, versions: form === 'npm' ? shipped.slice(-1) : shipped }
}

function pythonPackage(path: string, layer: number | undefined): PackagePath[] {
  const [, title, version] = PYTHON.exec(path) ?? []
  if (title === undefined || version === undefined || layer === undefined) return []
  return [{ type: 'python', name: title.replaceAll('_', '-'), version, path, layer }]
}
