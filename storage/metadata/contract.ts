import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { commitCases } from './contract-commits.ts'
import { concurrencyCases } from './contract-concurrency.ts'
import { lifeCases } from './contract-life.ts'
import { modelCases } from './contract-model.ts'
import { rangeCheckCases } from './contract-range-checks.ts'
import { readCases } from './contract-reads.ts'
import type { Capabilities, ContractCase, Deviation, StoreUnderTest } from './contract-tools.ts'

const CASES: readonly ContractCase[] = [
  ...readCases,
  ...commitCases,
  ...rangeCheckCases,
  ...concurrencyCases,
  ...lifeCases,
  ...modelCases,
]

/**
 * Runs the contract of MetadataStore for one driver: `open` gives an empty store for each case.
 * A deviation takes a case out, names it and says why; one that names no case fails.
 */
export function describeMetadataStore(
  name: string,
  open: () => Promise<StoreUnderTest>,
  options: { readonly capabilities: Capabilities; readonly deviations?: readonly Deviation[] },
): void {
  const { capabilities, deviations = [] } = options
  describe(`${name} as a MetadataStore`, () => {
    let opened: StoreUnderTest

    beforeEach(async () => {
      opened = await open()
    })

    afterEach(async () => {
      await opened.close()
      expect(await opened.leftovers()).toEqual([])
    })

    for (const each of CASES) {
      const reason = reasonToSkip(each, capabilities, deviations)
      if (reason === undefined) it(each.title, { timeout: 60_000 }, () => each.run(opened))
      else it.skip(`${each.title} (not here: ${reason})`, () => undefined)
    }
  })
  it(`${name}: every deviation names a case of the contract`, () => {
    const titles = CASES.map(({ title }) => title)
    expect(deviations.filter(({ title }) => !titles.includes(title))).toEqual([])
  })
}

function reasonToSkip(
  each: ContractCase,
  capabilities: Capabilities,
  deviations: readonly Deviation[],
): string | undefined {
  const deviation = deviations.find(({ title }) => title === each.title)
  if (deviation !== undefined) return deviation.reason
  return each.needs === 'durable' && !capabilities.durable ? 'it forgets all when closed' : undefined
}
