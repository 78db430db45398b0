import { Agent, request } from 'node:http'
import { performance } from 'node:perf_hooks'
import { finish } from '../servers/processes.ts'
import { median } from './statistics.ts'
import { REPOSITORY, type Subject } from './subject.ts'

/** What other requests felt while something was going on, in milliseconds. */
export interface Delay {
  /** Median of the answers when nothing else goes on. */
  readonly calm: number
  /** The slowest answer while it went on, less `calm`. */
  readonly added: number
  /** The same watched for the same time while nothing went on: the machine's own noise. */
  readonly noise: number
}

/** Pushes a manifest from another process again and again, while this one asks for `/v2/` without a pause. */
export async function delayOfOthers(subject: Subject, file: string, pushes: number): Promise<Delay> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  try {
    const before = await pingUntil(subject, agent, new Promise((resolve) => setTimeout(resolve, 500)))
    const calm = median(before)
    const worst: number[] = []
    const noise: number[] = []
    for (let at = 0; at < pushes; at++) {
      const begun = performance.now()
      const during = await pingUntil(subject, agent, pushManifest(subject, file))
      worst.push(Math.max(...during) - calm)
      const pause = performance.now() - begun
      const idle = await pingUntil(subject, agent, new Promise((resolve) => setTimeout(resolve, pause)))
      noise.push(Math.max(...idle) - calm)
    }
    return { calm, added: median(worst), noise: median(noise) }
  } finally {
    agent.destroy()
  }
}

async function pushManifest({ url, headers }: Subject, file: string): Promise<void> {
  const type = 'content-type: application/vnd.oci.image.manifest.v1+json'
  const own = Object.entries(headers).flatMap(([name, value]) => ['-H', `${name}: ${value}`])
  const target = `${url}/v2/${REPOSITORY}/manifests/large`
  const body = ['-H', type, '-H', 'expect:', '--data-binary', `@${file}`]
  const args = ['-s', '-o', '/dev/null', '-w', '%{http_code}', '-X', 'PUT', ...body, ...own, target]
  const { stdout } = await finish('curl', args)
  if (stdout !== '201' && stdout !== '400') throw new Error(`PUT of a large manifest gave ${stdout}`)
}

/** Milliseconds of each answer until `end`, and of one more. */
async function pingUntil(subject: Subject, agent: Agent, end: Promise<unknown>): Promise<number[]> {
  const state = { over: false }
  const ended = end.finally(() => {
    state.over = true
  })
  const times: number[] = []
  do times.push(await ping(subject, agent))
  while (!state.over)
  await ended
  return times
}

function ping({ url, headers }: Subject, agent: Agent): Promise<number> {
  return new Promise((resolve, reject) => {
    const begun = performance.now()
    request(`${url}/v2/`, { agent, headers }, (response) => {
      response.resume()
      response.on('end', () => resolve(performance.now() - begun))
    })
      .on('error', reject)
      .end()
  })
}
