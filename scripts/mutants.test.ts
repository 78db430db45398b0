import { existsSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { pushMutants, storeMutants, upkeepMutants } from '../conformance/faults/mutants/catalogue.ts'
import { projectText } from './project-files.ts'

describe('a planted bug', () => {
  test.each([...storeMutants, ...pushMutants, ...upkeepMutants])(
    '"$rule" has its place in $file',
    ({ file, find, replace, tests }) => {
      expect(projectText(file).split(find)).toHaveLength(2)
      expect(replace).not.toBe(find)
      expect(tests.filter((name) => !existsSync(new URL(`../${name}`, import.meta.url)))).toEqual([])
    },
  )
})
