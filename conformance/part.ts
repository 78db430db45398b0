import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { nodeBinary, projectRoot } from './servers/workspace.ts'

/** One program of the system tests. */
export interface Part {
  name: string
  file: string
  env: Record<string, string>
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

/** Runs a part to its end and passes on what it prints. */
export function runPart({ name, file: source, env }: Part): Promise<Outcome> {
  const started = Date.now()
  return new Promise((resolve) => {
    const child = spawn(nodeBinary, [source], {
      cwd: projectRoot,
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const lines: string[] = []
    createInterface({ input: child.stdout }).on('line', (line) => {
      lines.push(line)
      console.log(line)
    })
    child.on('error', (error) => lines.push(`FAIL ${name}: cannot start (${error.message})`))
    child.on('close', (code) => resolve(judge({ name, lines, code, seconds: (Date.now() - started) / 1000 })))
  })
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
