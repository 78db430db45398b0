import { describe, expect, test } from 'vitest'
import { isTest } from './layers.ts'
import { projectFiles, projectText } from './project-files.ts'

/** Files that may have more than 300 lines, each with its reason. */
const LONG_FOR_A_REASON: Readonly<Record<string, string>> = {}

const sources = (await projectFiles('src/**/*.{ts,tsx}', 'storage/**/*.ts')).filter(
  (path) => !isTest(path) && !path.endsWith('.generated.ts'),
)
const written = await projectFiles(
  '{src,storage,scripts,conformance}/**/*.{ts,tsx,css,html,cjs,sh}',
  'docs/**/*.md',
  '*.{ts,json,md,yaml}',
  'bin/*',
)

describe('sizes', () => {
  const lines = new Map(sources.map((path) => [path, projectText(path).split('\n').length - 1]))

  test('half of the files have fewer than 100 lines', () => {
    const sorted = [...lines.values()].sort((a, b) => a - b)
    expect(sorted[Math.floor(sorted.length / 2)]).toBeLessThan(100)
  })

  test('no file has more than 300 lines without a reason, and no reason outlives its file', () => {
    const long = sources.filter((path) => (lines.get(path) ?? 0) > 300)
    expect(long).toEqual(Object.keys(LONG_FOR_A_REASON))
  })
})

describe('texts', () => {
  test('nothing is left to do: issues are the place for that', () => {
    expect(written.filter((path) => /\b(TO[D]O|FIX[M]E|XX[X])\b/.test(projectText(path)))).toEqual([])
  })

  test('nothing knows the machine that it was written on', () => {
    const machine = /(?<![\w.])\/(work|root|Users|home\/\w+)\//
    expect(written.filter((path) => machine.test(projectText(path)))).toEqual([])
  })

  test('every file that others use says on an export what it is; tables of commands say it in their rows', () => {
    const silent = sources.filter((path) => {
      const text = projectText(path)
      return /^export (?!const \w*[cC]ommands)/m.test(text) && !/\*\/\nexport /.test(text)
    })
    expect(silent).toEqual([])
  })
})
