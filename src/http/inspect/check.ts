import { brokenRules, type ImageRules } from '../../inspect/check-image.ts'
import { displayName } from '../../inspect/display-name.ts'
import { RegistryError } from '../../oci/registry-error.ts'
import type { Exchange, Handler } from '../exchange.ts'
import { imageReport } from './image-report.ts'
import type { KnownFiles } from './known-files.ts'
import { notIndexed } from './layer-index.ts'
import type { InspectHttpParts } from './parts.ts'
import { pinnedRef, type Ready } from './ready-image.ts'

/** Patterns of one check, and characters of each. */
const PATTERNS = 20
const PATTERN_LIMIT = 200

/** F10: a gate for builds: `curl -f` fails on an image that does not keep the rules, or that is not looked into yet. */
export function checkImage(parts: InspectHttpParts, files: KnownFiles): Handler {
  return imageReport(parts, async (found, exchange) => {
    const rules = rulesOf(exchange)
    const { layers } = found.image.manifest
    const broken = brokenRules(rules, {
      size: layers.reduce((sum, { size }) => sum + size, 0),
      layers: layers.length,
      ...(await filesFor(rules, files, { found, exchange })),
    })
    if (broken.length === 0) return { passed: true }
    const shown = broken.map((one) =>
      one.rule === 'forbid' ? { ...one, found: displayName(String(one.found)).text } : one,
    )
    throw new RegistryError('CHECK_FAILED', {
      message: shown.map(({ rule, limit, found: is }) => `${rule}=${limit}: found ${is}`).join('; '),
      detail: { ref: pinnedRef(found.image), broken: shown },
    })
  })
}

/** What only the files tell. Throws UNAVAILABLE while they are not known, UNSUPPORTED when they never will be. */
async function filesFor(
  rules: ImageRules,
  files: KnownFiles,
  { found, exchange }: { readonly found: Ready; readonly exchange: Exchange },
) {
  const { minScore, maxWasted, forbid } = rules
  const asksWaste = minScore !== undefined || maxWasted !== undefined
  if (!asksWaste && forbid.length === 0) return { paths: [] }
  for (const { sha256, state } of found.layers)
    if (sha256 !== undefined && state.state !== 'done') throw notIndexed(sha256, state)
  return {
    ...(asksWaste && { waste: await files.wasteOf(exchange, found) }),
    paths: forbid.length === 0 ? [] : await files.forbiddenIn(exchange, found, forbid),
  }
}

/** Throws REQUEST_INVALID. */
function rulesOf({ query }: Exchange): ImageRules {
  const number = (field: string, form: RegExp): number | undefined => {
    const text = query.get(field)
    if (text === null || form.test(text)) return text === null ? undefined : Number(text)
    throw invalid(field, `${field} takes a ${field === 'minScore' ? 'number from 0 to 1' : 'whole number'}`)
  }
  const forbid = query.getAll('forbid')
  if (forbid.length > PATTERNS || forbid.some(({ length }) => length === 0 || length > PATTERN_LIMIT))
    throw invalid('forbid', `forbid takes up to ${PATTERNS} patterns of up to ${PATTERN_LIMIT} characters`)
  const rules = {
    minScore: number('minScore', /^(?:0(?:\.\d{1,9})?|1(?:\.0{1,9})?)$/),
    maxWasted: number('maxWasted', WHOLE),
    maxSize: number('maxSize', WHOLE),
    maxLayers: number('maxLayers', WHOLE),
    forbid,
  }
  const { forbid: _, ...limits } = rules
  if (forbid.length > 0 || Object.values(limits).some((limit) => limit !== undefined)) return rules
  throw invalid('minScore', `a check needs one of ${Object.keys(rules).join(', ')}`)
}

const WHOLE = /^\d{1,15}$/

function invalid(field: string, message: string): RegistryError {
  return new RegistryError('REQUEST_INVALID', { message, detail: { field } })
}
