import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path/posix'
import { describe, expect, test } from 'vitest'
import { ERROR_CODES } from '../src/oci/error-code.ts'
import { DOCUMENTS } from './documents.ts'
import { projectFiles, projectText, ROOT } from './project-files.ts'

describe('documents made from code', () => {
  test.each(Object.entries(DOCUMENTS))('%s is what `npm run docs` writes', (path, text) => {
    expect(projectText(path)).toBe(text())
  })

  test('docs/errors.md has every code once', () => {
    const headings = [...projectText('docs/errors.md').matchAll(/^## (\w+)$/gm)].map(([, code = '']) => code)
    expect(headings.sort()).toEqual(Object.keys(ERROR_CODES).sort())
  })
})

describe('documents made by hand', async () => {
  const paths = await projectFiles('*.md', 'docs/**/*.md')

  test('ARCHITECTURE.md is there', () => {
    expect(paths).toContain('ARCHITECTURE.md')
  })

  test.each(paths)('%s names only files that exist', (path) => {
    const text = projectText(path)
    expect(
      [...pathsIn(text), ...linksIn(text, path)].filter((named) => !existsSync(join(ROOT, named))),
    ).toEqual([])
  })
})

/** Paths of ours in back-ticks: `src/oci/name.ts`, `storage/blobs/`; those with a placeholder or wild card do not count. */
function pathsIn(text: string): string[] {
  const found = text.matchAll(/`((?:src|storage|conformance|scripts|docs|deploy|bin)\/[^`\s]*)`/g)
  return [...found].map(([, path = '']) => path).filter((path) => !/[*<>{}…]/.test(path))
}

/** Targets of links to other files. */
function linksIn(text: string, from: string): string[] {
  return [...text.matchAll(/\]\((?!\w+:|#)([^)\s#]+)[^)]*\)/g)].map(([, link = '']) =>
    join(dirname(from), link),
  )
}
