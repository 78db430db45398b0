import { describe, expect, test } from 'vitest'
import { projectText } from './project-files.ts'

const ROW = /^\| (?<lesson>.+?) \| `(?<file>[^`]+)` \| (?<title>.+) \|$/gm
const rows = [...projectText('docs/lessons.md').matchAll(ROW)].map(({ groups = {} }) => groups)

describe('docs/lessons.md', () => {
  test('has rows', () => {
    expect(rows.length).toBeGreaterThan(40)
  })

  test.each(rows)('$file has a test "$title"', ({ file = '', title = '' }) => {
    const quoted = ["'", '"', '`'].map((quote) => `${quote}${title}${quote}`)
    const text = projectText(file).replaceAll("\\'", "'")
    expect(quoted.some((one) => text.includes(one))).toBe(true)
  })
})
