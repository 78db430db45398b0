import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { nodeBinary, projectRoot } from './servers/workspace.ts'

/** One program of the system tests. */
export interface Part {
  name: string
  file: string
  env: Record<string, string>
  /** Seconds after which it is ended, and has failed; no end unless told. */
  limit?: number
}

/** How a part ended, as its own closing line says and as its exit confirms. */
export interface Outcome {
  name: string
  passed: number
  failed: number
  checks: number
  seconds: number
  lines: string[]
}

/** How long a part that is told to end may take to stop its servers, in ms. */
const TO_STOP = 20_000

const running = new Set<ChildProcess>()
// Whoever ends a run of parts ends the part that is under way, which stops its servers.
process.on('exit', () => {
  for (const child of running) child.kill('SIGTERM')
})
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(1))

/** Runs a part to its end, or ends it at its limit, and passes on what it prints. */
export async function runPart(part: Part): Promise<Outcome> {
  const { name, file: source, env } = part
  const started = Date.now()
  const child = spawn(nodeBinary, [source], {
    cwd: projectRoot,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  running.add(child)
  const lines: string[] = []
  const output = createInterface({ input: child.stdout }).on('line', (line) => {
    lines.push(line)
    console.log(line)
  })
  const wholeOutput = once(output, 'close')
  const isOver = endAtLimit(child, part)
  const code = await new Promise<number | null>((resolve) => {
    child.on('error', (error) => {
      lines.push(`FAIL ${name}: cannot start (${error.message})`)
      resolve(null)
    })
    child.on('exit', resolve)
  })
  running.delete(child)
  // Its last lines are still in the pipe; a server that it left behind may hold the pipe open for ever.
  await Promise.race([wholeOutput, sleep(2000)])
  if (isOver()) console.log(`  ${name}: ended after ${part.limit} s, its limit`)
  return judge({ name, lines, code, seconds: (Date.now() - started) / 1000 })
}

/** Ends a part at its limit; the answer tells whether that has happened. */
function endAtLimit(child: ChildProcess, { limit }: Part): () => boolean {
  if (limit === undefined) return () => false
  let over = false
  const timers = [
    setTimeout(() => {
      over = true
      child.kill('SIGTERM')
    }, limit * 1000),
    setTimeout(() => child.kill('SIGKILL'), limit * 1000 + TO_STOP),
  ]
  child.on('exit', () => {
    for (const timer of timers) clearTimeout(timer)
  })
  return () => over
}

/** Believes the closing line only when the scenario lines and the exit code agree with it. */
function judge(ended: { name: string; lines: string[]; code: number | null; seconds: number }): Outcome {
  const { name, lines, code, seconds } = ended
  const count = (start: string): number => lines.filter((line) => line.startsWith(start)).length
  const [passed, failed] = [count('ok '), count('FAIL ')]
  const closingLine = new RegExp(`^= ${name}: (\\d+) passed, (\\d+) failed, (\\d+) checks$`).exec(
    lines.at(-1) ?? '',
  )
  const complete =
    closingLine !== null &&
    Number(closingLine[1]) === passed &&
    Number(closingLine[2]) === failed &&
    passed + failed > 0 &&
    (code === 0) === (failed === 0)
  if (!complete) {
    const line = `FAIL ${name}: ended with ${code ?? 'a signal'} and without a matching closing line`
    console.log(line)
    return { name, passed, failed: failed + 1, checks: 0, seconds, lines: [...lines, line] }
  }
  return { name, passed, failed, checks: Number(closingLine[3]), seconds, lines }
}
