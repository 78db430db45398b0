import { isAlias, isMap, isScalar, isSeq, LineCounter, parseDocument } from 'yaml'
import { ConfigError } from './config-error.ts'

/** What stands behind a name; undefined: a nested value. */
type Text = string | undefined

/**
 * The names in the file at `path`, and the texts of their values as they stand: a password of digits is no number. A
 * list is the same as its items with commas. Throws ConfigError when `content` is no YAML, or no lines of settings.
 */
export function parseYaml(path: string, content: string): readonly (readonly [name: string, text: Text])[] {
  const lines = new LineCounter()
  const document = parseDocument(content, { lineCounter: lines, prettyErrors: false })
  const [error] = document.errors
  if (error !== undefined) throw notYaml(path, lines.linePos(error.pos[0]))
  const { contents } = document
  if (contents === null || (isScalar(contents) && contents.value === null)) return []
  if (!isMap(contents))
    throw new ConfigError([`The configuration ${path} must hold lines such as \`listen: 127.0.0.1:5000\`.`])
  return contents.items.map(({ key, value }) => {
    const node = isAlias(value) ? value.resolve(document) : value
    // `*word` means what `&word` marks: here nothing does.
    if (node === undefined && isAlias(value)) throw notYaml(path, lines.linePos(value.range[0]))
    return [String(key), textOf(node)]
  })
}

/** Never the line itself, nor the parser's own words, which may hold part of a secret. */
function notYaml(path: string, { line, col }: { readonly line: number; readonly col: number }): ConfigError {
  return new ConfigError([
    `The configuration ${path} is not valid YAML: see line ${line}, column ${col}. A text with signs such as : # @ * or % stands in quotes, and no name stands twice.`,
  ])
}

function textOf(node: unknown): Text {
  if (isSeq(node)) {
    const items = node.items.map((item) => (isSeq(item) ? undefined : textOf(item)))
    return items.includes(undefined) ? undefined : items.join(',')
  }
  if (node === null) return ''
  if (!isScalar(node)) return undefined
  return node.value === null ? '' : node.source
}
