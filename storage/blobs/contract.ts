import { describe, expect, test } from 'vitest'
import {
  Bench,
  type BlobStoreCapabilities,
  type BlobStoreCase,
  type BlobStoreUnderTest,
} from './contract-bench.ts'
import { finishedCases } from './contract-finished.ts'
import { readCases } from './contract-reads.ts'
import { uploadCases } from './contract-uploads.ts'

interface BlobStoreContract {
  readonly capabilities: BlobStoreCapabilities
  /** Name of a case → why this driver fails it. A case that passes nevertheless fails the suite. */
  readonly deviations: Readonly<Record<string, string>>
}

const CASES: readonly BlobStoreCase[] = [...uploadCases, ...finishedCases, ...readCases]

/** What every BlobStore owes, run against fresh stores that `open` makes. */
export function describeBlobStore(
  name: string,
  open: () => Promise<BlobStoreUnderTest>,
  { capabilities, deviations }: BlobStoreContract,
): void {
  describe(`${name}: blob store contract`, () => {
    for (const contractCase of CASES) {
      const reason = deviations[contractCase.name]
      const title = reason === undefined ? contractCase.name : `${contractCase.name} (deviation: ${reason})`
      const able = contractCase.needs === undefined || capabilities[contractCase.needs]
      const run = reason === undefined ? test.runIf(able) : test.fails
      run(title, () => runCase(open, contractCase), 60_000)
    }

    test('every deviation names a case', () => {
      expect(CASES.map(({ name }) => name)).toEqual(expect.arrayContaining(Object.keys(deviations)))
    })
  })
}

async function runCase(open: () => Promise<BlobStoreUnderTest>, contractCase: BlobStoreCase): Promise<void> {
  const subject = await open()
  try {
    const bench = new Bench(subject)
    await contractCase.run(bench)
    await bench.expectNothingLeft()
  } finally {
    await subject.dispose()
  }
}
