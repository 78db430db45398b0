import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { ExternalSort } from './external-sort.ts'

it.each([0, 1, 50, 3000])(
  'gives %d records in the order of their bytes, and leaves no file',
  async (count) => {
    const directory = await mkdtemp(join(tmpdir(), 'lamina-sort-'))
    try {
      const sort = new ExternalSort(directory, 'x', 10_000)
      const keys = Array.from(
        { length: count },
        (_, index) => `${String.fromCharCode((index * 37) % 256)}${(index * 7919) % 3001}`,
      )
      for (const key of keys) sort.add(key, Buffer.from(`of ${key}`, 'latin1'))
      const sorted = Array.from(sort.sorted(), ({ key, value }) => [key, value.toString('latin1')])
      expect(sorted).toEqual([...keys].sort().map((key) => [key, `of ${key}`]))
      expect(await readdir(directory)).toEqual([])
    } finally {
      await rm(directory, { recursive: true, force: true })
    }
  },
)
