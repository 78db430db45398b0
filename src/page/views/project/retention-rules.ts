import type { RetentionRule } from '../../api/schema.generated.ts'
import { plural } from '../../format.ts'

/** What a rule does, as a sentence. */
export function ruleText(rule: RetentionRule): string {
  const { repositories, tags, keepLast = 0, keepYoungerDays = 0, keepPulledDays = 30 } = rule
  const where = repositories === undefined ? 'in all repositories' : `in repositories like ${repositories}`
  const what = tags === undefined ? 'images without a tag' : `tags like ${tags}`
  const kept = [
    ...(keepLast > 0 ? [`the last ${keepLast} of each repository`] : []),
    ...(keepYoungerDays > 0 ? [`those younger than ${plural(keepYoungerDays, 'day')}`] : []),
    ...(keepPulledDays > 0 ? [`those pulled within ${plural(keepPulledDays, 'day')}`] : []),
  ]
  return `Takes ${what} ${where}${kept.length === 0 ? '' : `, but keeps ${kept.join(', ')}`}.`
}

/** A rule as a form has it; an empty field leaves a part out. */
export function ruleOf(field: (name: string) => string): RetentionRule {
  const text = (name: string) => field(name).trim()
  const number = (name: string) => (text(name) === '' ? undefined : Number(text(name)))
  const [repositories, tags] = [text('repositories'), text('tags')]
  const [keepLast, keepYoungerDays] = [number('keepLast'), number('keepYoungerDays')]
  const keepPulledDays = number('keepPulledDays')
  return {
    name: text('name'),
    ...(repositories !== '' && { repositories }),
    ...(tags !== '' && { tags }),
    ...(keepLast !== undefined && { keepLast }),
    ...(keepYoungerDays !== undefined && { keepYoungerDays }),
    ...(keepPulledDays !== undefined && { keepPulledDays }),
  }
}
