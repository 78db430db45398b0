import { dirname, join } from 'node:path/posix'
import { parseSync, Visitor } from 'oxc-parser'
import { projectText } from './project-files.ts'

/** One thing that a file takes from elsewhere. */
export interface Import {
  /** Path from the root of the project. */
  readonly file: string
  /** Path from the root of the project for a relative import, else the package: `koa`, `@node-rs/argon2`, `node:fs`. */
  readonly target: string
  /** `import()`, or a program named by its URL: not loaded together with the file. */
  readonly lazy: boolean
}

/** Every import of a file: static, dynamic, of types, re-exports, and programs named by `new URL(…, import.meta.url)`. */
export function importsOf(file: string): Import[] {
  const { program, module, errors } = parseSync(file, projectText(file))
  const [error] = errors
  if (error !== undefined) throw new SyntaxError(`${file}: ${error.message}`)
  const found = new Set(module.staticImports.map(({ moduleRequest }) => moduleRequest.value))
  const lazy = new Set<string>()
  for (const { entries } of module.staticExports)
    for (const { moduleRequest } of entries) if (moduleRequest) found.add(moduleRequest.value)
  new Visitor({
    ImportExpression: ({ source }) => {
      // The same files in one piece.
      if (file === 'src/main.ts' && source.type === 'Identifier' && source.name === 'built') return
      if (source.type !== 'Literal' || typeof source.value !== 'string')
        throw new TypeError(`${file}: import() takes a plain string, so that the layer test can read it`)
      lazy.add(source.value)
    },
    TSImportType: ({ source }) => found.add(source.value),
    NewExpression: ({ callee, arguments: [path, base] }) => {
      if (callee.type !== 'Identifier' || callee.name !== 'URL' || base?.type !== 'MemberExpression') return
      if (path?.type === 'Literal' && typeof path.value === 'string' && path.value.endsWith('.ts'))
        lazy.add(path.value.startsWith('.') ? path.value : `./${path.value}`)
    },
  }).visit(program)
  return [
    ...[...found].map((specifier) => ({ file, target: resolved(file, specifier), lazy: false })),
    ...[...lazy].map((specifier) => ({ file, target: resolved(file, specifier), lazy: true })),
  ]
}

function resolved(file: string, specifier: string): string {
  if (specifier.startsWith('.')) return join(dirname(file), specifier)
  if (specifier.startsWith('node:')) return specifier
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/')
}
