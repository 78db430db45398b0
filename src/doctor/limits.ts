import { readFile } from 'node:fs/promises'
import type { Config } from '../config/schema.ts'
import { type Finding, good, warning } from './finding.ts'

/** Files that are open beside connections: the database, blobs that are read, logs. */
const BESIDE = 1024

/** How many files the process may open, against the connections that it is told to take. Linux only. */
export async function checkLimits({ maxConnections }: Pick<Config, 'maxConnections'>): Promise<Finding[]> {
  if (process.platform !== 'linux') return []
  const limits = await readFile('/proc/self/limits', 'utf8')
  const soft = /^Max open files +(\d+|unlimited)/m.exec(limits)?.[1] ?? 'unlimited'
  const wanted = maxConnections + BESIDE
  if (soft === 'unlimited' || Number(soft) >= wanted) return [good('open-files', `${soft} may be open`)]
  return [
    warning(
      'open-files',
      `this user may open ${soft} files, and LAMINA_MAX_CONNECTIONS is ${maxConnections}: connections fail before that`,
      `Raise the limit to ${wanted} or more (systemd: LimitNOFILE, docker: --ulimit nofile, shell: ulimit -n), or lower LAMINA_MAX_CONNECTIONS.`,
    ),
  ]
}
