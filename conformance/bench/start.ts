import { spawn } from 'node:child_process'
import path from 'node:path'
import { performance } from 'node:perf_hooks'
import { admin } from '../servers/lamina.ts'
import { projectRoot } from '../servers/workspace.ts'

/** Milliseconds from the start of the process to the line that says where it listens. The server is stopped then. */
export function startTime(data: string): Promise<number> {
  const env = {
    ...process.env,
    LAMINA_LISTEN: '127.0.0.1:0',
    LAMINA_DATA: data,
    LAMINA_ADMIN_PASSWORD: admin.password,
    LAMINA_STOP_DELAY: '0',
  }
  return new Promise((resolve, reject) => {
    const begun = performance.now()
    const child = spawn(path.join(projectRoot, 'bin/lamina'), ['serve'], {
      cwd: projectRoot,
      env,
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    let took: number | undefined
    child.stdout.on('data', (text: Buffer) => {
      if (took !== undefined || !text.includes('"listening"')) return
      took = performance.now() - begun
      child.kill('SIGTERM')
    })
    child.on('error', reject)
    child.on('close', () => {
      if (took === undefined) reject(new Error('lamina ended before it listened'))
      else resolve(took)
    })
  })
}
