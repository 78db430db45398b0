import { NoExpression } from '../../inspect/expression-parser.ts'
import { type FileQuery, pathPart, RIGHTS, type Right } from '../../inspect/find-files.ts'
import { ENTRY_KINDS, type EntryKind } from '../../inspect/layer/index-entry.ts'
import { LinearExpression } from '../../inspect/linear-expression.ts'
import { pathPattern } from '../../inspect/path-pattern.ts'
import { RegistryError } from '../../oci/registry-error.ts'
import type { Exchange } from '../exchange.ts'
import { textParam } from './params.ts'

/** Characters of a pattern or an expression. */
const PATTERN_LIMIT = 500
const FIELDS = ['q', 'glob', 'regex', 'minSize', 'maxSize', 'type', 'flags'] as const

/** What files are asked for, with a text that is the same for the same question. Throws REQUEST_INVALID. */
export function fileQuery(exchange: Exchange): FileQuery & { readonly key: string } {
  const { query } = exchange
  const asked = FIELDS.map((field) => query.getAll(field))
  if (asked.flat().every((text) => text === ''))
    throw invalid(
      'q',
      `a search needs one of ${FIELDS.join(', ')}, such as q=package.json or minSize=1000000`,
    )
  const sort = query.get('sort') ?? 'path'
  if (sort !== 'path' && sort !== 'size') throw invalid('sort', 'sort takes path or size')
  return {
    fits: pathRule(exchange),
    minSize: sizeParam(exchange, 'minSize') ?? 0,
    maxSize: sizeParam(exchange, 'maxSize') ?? Number.POSITIVE_INFINITY,
    kinds: choices(exchange, 'type', isKind, KINDS),
    rights: choices(exchange, 'flags', isRight, Object.keys(RIGHTS)),
    sort,
    key: JSON.stringify([...asked, sort]),
  }
}

const KINDS = ENTRY_KINDS.filter((kind) => kind !== 'whiteout' && kind !== 'opaque')

function isKind(text: string): text is EntryKind {
  return KINDS.some((kind) => kind === text)
}

function isRight(text: string): text is Right {
  return Object.hasOwn(RIGHTS, text)
}

/** All that is said of paths has to fit. */
function pathRule(exchange: Exchange): (path: string) => boolean {
  const part = textParam(exchange, 'q')
  const glob = pattern(exchange, 'glob')
  const regex = pattern(exchange, 'regex')
  const rules = [
    ...(part === undefined ? [] : [pathPart(part)]),
    ...(glob === undefined ? [] : [pathPattern(glob)]),
    ...(regex === undefined ? [] : [expression(regex)]),
  ]
  return (path) => rules.every((fits) => fits(path))
}

function expression(text: string): (path: string) => boolean {
  const known = orRefused(() => new LinearExpression(text))
  return (path) => orRefused(() => known.fits(path))
}

/** Some expressions turn out to be too much only while paths are looked at. */
function orRefused<Result>(work: () => Result): Result {
  try {
    return work()
  } catch (error) {
    if (error instanceof NoExpression) throw invalid('regex', `regex is not taken: ${error.message}`)
    throw error
  }
}

function pattern(exchange: Exchange, field: string): string | undefined {
  const text = textParam(exchange, field)
  if (text !== undefined && text.length > PATTERN_LIMIT)
    throw invalid(field, `${field} takes at most ${PATTERN_LIMIT} characters`)
  return text
}

function sizeParam({ query }: Exchange, field: string): number | undefined {
  const text = query.get(field) ?? ''
  if (text === '') return undefined
  if (/^\d{1,15}$/.test(text)) return Number(text)
  throw invalid(field, `${field} takes a whole number of bytes, such as ${field}=1000000`)
}

function choices<One extends string>(
  { query }: Exchange,
  field: string,
  is: (text: string) => text is One,
  known: readonly string[],
): One[] {
  return query.getAll(field).flatMap((text) => {
    if (text === '') return []
    if (is(text)) return [text]
    throw invalid(field, `${field} takes ${known.join(', ')}; several are written ${field}=…&${field}=…`)
  })
}

function invalid(field: string, message: string): RegistryError {
  return new RegistryError('REQUEST_INVALID', { message, detail: { field } })
}
