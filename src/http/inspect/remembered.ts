import { LRUCache } from 'lru-cache'
import { SharedWork } from './shared-work.ts'

/** Reports that are remembered at most. */
const MOST = 16

/** Reports by what they are about: each is made once, however many ask for it at the same time, and kept for a while. */
export class Remembered<Report extends object> {
  readonly #making = new SharedWork<Report>()
  readonly #known: LRUCache<string, Report>

  /** `items`: how many things a report holds; together they hold no more than `mostItems`. */
  constructor(limit?: { readonly items: (report: Report) => number; readonly mostItems: number }) {
    this.#known = new LRUCache({
      max: MOST,
      ...(limit && {
        maxSize: limit.mostItems,
        sizeCalculation: (report: Report) => Math.max(1, limit.items(report)),
      }),
    })
  }

  /** What is known under a key, or is made now. A failure is not remembered. */
  async of(key: string, make: () => Promise<Report>): Promise<Report> {
    const known = this.#known.get(key)
    if (known !== undefined) return known
    return this.#making.of(key, async () => {
      const report = await make()
      this.#known.set(key, report)
      return report
    })
  }
}
