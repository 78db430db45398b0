import {
  type ChildProcessByStdio,
  type SpawnOptionsWithStdioTuple,
  type StdioNull,
  type StdioPipe,
  spawn,
} from 'node:child_process'
import { createWriteStream } from 'node:fs'
import path from 'node:path'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { projectRoot, workFolder } from './workspace.ts'

/** How a command or a server is started; `env` is added to this process's own environment. */
export interface StartOptions {
  env?: Record<string, string>
  cwd?: string
  /** What a server gets when the test run ends before it was stopped; SIGTERM by default. */
  endSignal?: NodeJS.Signals
  /** Another user to run as, when this process is root. */
  uid?: number
  gid?: number
}

function asChild(options: StartOptions): SpawnOptionsWithStdioTuple<StdioNull, StdioPipe, StdioPipe> {
  const { cwd = projectRoot, env, uid, gid } = options
  return {
    cwd,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(uid !== undefined && { uid }),
    ...(gid !== undefined && { gid }),
  }
}

/** What a finished command left behind; `code` is undefined when a signal ended it. */
export interface Finished {
  code: number | undefined
  stdout: string
  stderr: string
}

const running = new Set<Server>()
// A test run that dies must not leave servers behind: they would hold ports, mounts and memory.
process.on('exit', () => {
  for (const server of running) server.signal(server.endSignal)
})
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(1))

/** A long-running program that this process started; its output goes to `.work/logs/<name>.log`. */
export class Server {
  readonly name: string
  readonly lines: string[] = []
  readonly endSignal: NodeJS.Signals
  readonly #child: ChildProcessByStdio<null, Readable, Readable>
  /** Resolves when the program has ended, however. */
  readonly ended: Promise<void>
  #alive = true

  private constructor(
    name: string,
    child: ChildProcessByStdio<null, Readable, Readable>,
    { logs, endSignal = 'SIGTERM' }: { logs: string; endSignal: NodeJS.Signals | undefined },
  ) {
    this.name = name
    this.endSignal = endSignal
    this.#child = child
    const log = createWriteStream(path.join(logs, `${name}.log`), { flags: 'a' })
    for (const stream of [child.stdout, child.stderr]) {
      createInterface({ input: stream }).on('line', (line) => {
        this.lines.push(line)
        if (this.lines.length > 5000) this.lines.splice(0, 2500)
        log.write(`${line}\n`)
      })
    }
    this.ended = new Promise((resolve) => {
      child.on('close', () => {
        this.#alive = false
        running.delete(this)
        log.end()
        resolve()
      })
      child.on('error', (error) => {
        this.lines.push(`cannot start: ${error.message}`)
        this.#alive = false
        running.delete(this)
        resolve()
      })
    })
    running.add(this)
  }

  /** Starts a program; it is alive, not necessarily ready. */
  static async start(
    name: string,
    command: string,
    args: string[],
    options: StartOptions = {},
  ): Promise<Server> {
    const logs = await workFolder('logs')
    const child = spawn(command, args, asChild(options))
    return new Server(name, child, { logs, endSignal: options.endSignal })
  }

  get alive(): boolean {
    return this.#alive
  }

  /** The process id; 0 when the program could not be started. */
  get pid(): number {
    return this.#child.pid ?? 0
  }

  /** Sends a signal to this process alone. */
  signal(signal: NodeJS.Signals): void {
    if (this.#alive) this.#child.kill(signal)
  }

  /** Asks the program to stop and waits; after `patience` ms it is killed. */
  async stop(patience = 20_000): Promise<void> {
    this.signal('SIGTERM')
    const timer = setTimeout(() => this.signal('SIGKILL'), patience)
    await this.ended
    clearTimeout(timer)
  }

  /** kill -9, and waits until the process is gone. */
  async kill(): Promise<void> {
    this.signal('SIGKILL')
    await this.ended
  }

  /** Polls `ready` until it gives a value; fails with the last lines of output when the program ends or time is over. */
  async until<T>(ready: () => T | undefined | Promise<T | undefined>, patience = 30_000): Promise<T> {
    const deadline = Date.now() + patience
    for (;;) {
      const value = await ready()
      if (value !== undefined) return value
      if (!this.#alive) throw new Error(`${this.name} ended: ${this.lines.slice(-8).join('\n')}`)
      if (Date.now() > deadline) throw new Error(`${this.name} not ready: ${this.lines.slice(-8).join('\n')}`)
      await sleep(15)
    }
  }
}

/** Runs a command to its end and returns what it said; it is killed after `patience` ms. */
export function finish(
  command: string,
  args: string[],
  options: StartOptions & { patience?: number; signal?: AbortSignal } = {},
): Promise<Finished> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, asChild(options))
    const out: Buffer[] = []
    const err: Buffer[] = []
    child.stdout.on('data', (chunk: Buffer) => out.push(chunk))
    child.stderr.on('data', (chunk: Buffer) => err.push(chunk))
    const timer = setTimeout(() => child.kill('SIGKILL'), options.patience ?? 120_000)
    options.signal?.addEventListener('abort', () => child.kill('SIGINT'), { once: true })
    child.on('error', reject)
    child.on('close', (code) => {
      clearTimeout(timer)
      resolve({
        code: code ?? undefined,
        stdout: Buffer.concat(out).toString(),
        stderr: Buffer.concat(err).toString(),
      })
    })
  })
}

/** Runs a command that must succeed; returns its trimmed standard output. */
export async function must(
  command: string,
  args: string[],
  options: StartOptions & { patience?: number } = {},
): Promise<string> {
  const { code, stdout, stderr } = await finish(command, args, options)
  if (code === 0) return stdout.trim()
  // Arguments stay out of the message: they may hold a password.
  const said = `${stderr}\n${stdout}`.trim().slice(-900)
  throw new Error(`${path.basename(command)} ${args[0] ?? ''} ended with ${code ?? 'a signal'}: ${said}`)
}
