import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { at } from './json.ts'

const ROOT = fileURLToPath(new URL('../../..', import.meta.url))
/** What users start. */
const PROGRAM = `${ROOT}bin/lamina`
const START_MS = 120_000

/** A real `lamina serve` in a child process. */
export class LaminaProcess {
  readonly url: string
  /** Lines of its log so far. */
  readonly log: readonly string[]
  readonly #process: ChildProcess

  private constructor(url: string, log: readonly string[], process: ChildProcess) {
    this.url = url
    this.log = log
    this.#process = process
  }

  /** Starts it with these settings beside a port and stop delay of its own, and waits until it listens. */
  static async start(settings: Readonly<Record<string, string>>): Promise<LaminaProcess> {
    const log: string[] = []
    const child = spawn(PROGRAM, ['serve'], {
      cwd: ROOT,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        PATH: process.env['PATH'],
        LAMINA_LISTEN: '127.0.0.1:0',
        LAMINA_STOP_DELAY: '0',
        ...settings,
      },
    })
    return new LaminaProcess(await listening(child, log), log, child)
  }

  /** `kill -9`. */
  async kill(): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return
    const exited = once(this.#process, 'exit')
    this.#process.kill('SIGKILL')
    await exited
  }

  /** Asks it to stop; `exited` waits for that. */
  terminate(): void {
    this.#process.kill('SIGTERM')
  }

  /** Waits for the end. Throws when the exit was not clean, or the log tells of a failure or a secret. */
  async exited(): Promise<void> {
    if (this.#process.exitCode === null && this.#process.signalCode === null)
      await once(this.#process, 'exit')
    if (this.#process.exitCode !== 0)
      throw new Error(
        `lamina ended with ${this.#process.exitCode ?? this.#process.signalCode}:\n${this.log.slice(-20).join('\n')}`,
      )
    const failures = this.log.filter((line) => isDefect(parsed(line)))
    if (failures.length > 0) throw new Error(`lamina logged failures:\n${shortened(failures)}`)
  }
}

/** A full disk and damaged bytes are for the operator to read; anything else at this level is a defect. */
function isDefect(line: unknown): boolean {
  const forOperator = at(line, 'err', 'code') === 'STORAGE_FULL' || at(line, 'why') !== undefined
  return Number(at(line, 'level')) >= 50 && !forOperator
}

/** The address that it prints when it listens. */
function listening(child: ChildProcess, log: string[]): Promise<string> {
  return new Promise<string>((resolve, reject) => {
    const fail = (why: string): void => reject(new Error(`lamina ${why}:\n${log.slice(-20).join('\n')}`))
    const timer = setTimeout(() => {
      child.kill('SIGKILL')
      fail(`did not listen within ${START_MS} ms`)
    }, START_MS)
    child.on('exit', (code, signal) => {
      clearTimeout(timer)
      fail(`ended with ${code ?? signal} before it listened`)
    })
    const take = (line: string): void => {
      log.push(line)
      const entry = parsed(line)
      const url = at(entry, 'url')
      if (at(entry, 'msg') !== 'listening' || typeof url !== 'string') return
      clearTimeout(timer)
      resolve(url)
    }
    for (const stream of [child.stdout, child.stderr])
      if (stream !== null) createInterface({ input: stream }).on('line', take)
  })
}

function shortened(lines: readonly string[]): string {
  return lines
    .slice(0, 5)
    .map((line) => line.slice(0, 500))
    .join('\n')
}

function parsed(line: string): unknown {
  try {
    const value: unknown = JSON.parse(line)
    return value
  } catch {
    // Not a line of the log: a warning of the runtime, kept for messages only.
    return undefined
  }
}
