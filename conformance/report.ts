/** How long what a part has started may outlive its closing line, in ms. */
const AFTERWARDS = 20_000

/** Collects the scenarios of one part of the system tests: one printed line each, totals at the end, however it ends. */
export class Report {
  readonly #part: string
  readonly #asked: readonly string[]
  readonly #underWay = new Set<string>()
  #finished = false
  #passed = 0
  #failed = 0
  #checks = 0

  /** With words only scenarios run whose name holds one of them. */
  constructor(part: string, asked: readonly string[] = []) {
    this.#part = part
    this.#asked = asked
    process.on('exit', () => this.#endUnfinished())
  }

  /** Prints `ok what (details)` and counts; `checks` are the single assertions of a suite behind this line. */
  ok(what: string, details: string, checks = 0): void {
    this.#passed += 1
    this.#checks += checks
    print('ok', what, details)
  }

  /** Prints `FAIL what (details)` and counts. */
  fail(what: string, details: string): void {
    this.#failed += 1
    print('FAIL', what, details)
  }

  /** Runs one scenario; what it returns is printed as details. False when it failed. */
  async scenario(what: string, act: () => Promise<string>): Promise<boolean> {
    if (this.#asked.length > 0 && !this.#asked.some((word) => what.includes(word))) return true
    const begun = Date.now()
    this.#underWay.add(what)
    try {
      const details = await act()
      this.ok(what, `${details}, ${seconds(begun)}`)
      return true
    } catch (error) {
      this.fail(what, `${messageOf(error)}, ${seconds(begun)}`)
      return false
    } finally {
      this.#underWay.delete(what)
    }
  }

  /** Adds to what the whole run sums up. */
  tally(counts: Readonly<Record<string, number>>): void {
    console.log(`  tally ${JSON.stringify(counts)}`)
  }

  /** Prints the closing line that `run.ts` reads, and makes the process fail when anything failed or nothing ran. */
  finish(): void {
    this.#finished = true
    console.log(`= ${this.#part}: ${this.#passed} passed, ${this.#failed} failed, ${this.#checks} checks`)
    if (this.#failed > 0 || this.#passed === 0) process.exitCode = 1
    // A server that a scenario left behind keeps this process alive, and the whole run waits for it.
    setTimeout(() => {
      console.error(`${this.#part}: something that it started still runs; ended by force`)
      process.exit(1)
    }, AFTERWARDS).unref()
  }

  /** Names what was under way when the run was ended from outside, so that the totals are printed all the same. */
  #endUnfinished(): void {
    if (this.#finished) return
    for (const what of this.#underWay) this.fail(what, 'was still under way when the run was ended')
    if (this.#underWay.size === 0) this.fail(this.#part, 'was ended between two scenarios')
    this.finish()
  }
}

/** The message of anything thrown, with its causes, in one line. */
export function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const cause = error.cause === undefined ? '' : ` (${messageOf(error.cause)})`
  return `${error.message}${cause}`.replaceAll(/\s*\n\s*/g, ' | ').slice(0, 1500)
}

/** Fails the scenario with a message unless the condition holds. */
export function expect(condition: boolean, message: string): asserts condition {
  if (!condition) throw new Error(message)
}

function print(outcome: 'ok' | 'FAIL', what: string, details: string): void {
  console.log(`${outcome} ${what}${details === '' ? '' : ` (${details})`}`)
}

function seconds(begun: number): string {
  return `${((Date.now() - begun) / 1000).toFixed(1)} s`
}
