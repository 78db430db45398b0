import { setTimeout as sleep } from 'node:timers/promises'
import { makeImage, writeDockerArchive } from '../fixtures/image.ts'
import { expect, type Report } from '../report.ts'
import { Dockerd } from '../servers/dockerd.ts'
import { freePort } from '../servers/free-port.ts'
import { Server } from '../servers/processes.ts'
import { projectRoot, scratchFolder } from '../servers/workspace.ts'

/** Installing what the machine lacks is part of the command. */
const START_MS = 600_000

/** `npm run cluster` as docs/cluster.md gives it, then the commands that it prints. */
export async function documentedCommand(report: Report): Promise<void> {
  await report.scenario('cluster: npm run cluster, and the push and pull that it prints', async () => {
    const port = await freePort()
    // In a process group of its own, as a shell starts it: Ctrl-C goes to all of them.
    const args = ['npm', 'run', 'cluster', '--', '--port', String(port)]
    const cluster = await Server.start('npm-run-cluster', 'setsid', args, { cwd: projectRoot })
    const interrupt = (): boolean => cluster.alive && process.kill(-cluster.pid, 'SIGINT')
    try {
      await cluster.until(() => cluster.lines.find((line) => line.includes('Ctrl-C ends')), START_MS)
      const said = await pushAndPull(printed(cluster.lines, port))
      const pids = [...cluster.lines.join('\n').matchAll(/pid (\d+)/g)].map(([, pid]) => Number(pid))
      interrupt()
      await untilGone(pids)
      return `${said}; ${pids.length} processes, none left`
    } finally {
      interrupt()
      await cluster.ended
    }
  })
}

interface Printed {
  readonly host: string
  readonly user: string
  readonly password: string
}

/** What a reader would copy. */
function printed(lines: readonly string[], port: number): Printed {
  const [, host, user, password] =
    lines.map((line) => /docker login (\S+) -u (\S+) -p (\S+)/.exec(line)).find((found) => found !== null) ??
    []
  expect(
    host === `localhost:${port}` && user !== undefined && password !== undefined,
    'no docker login is printed',
  )
  return { host, user, password }
}

/** The printed commands, with an image made here in place of the one that they pull. */
async function pushAndPull({ host, user, password }: Printed): Promise<string> {
  const scratch = await scratchFolder('documented')
  const docker = await Dockerd.start()
  try {
    const image = makeImage({
      layers: [
        { seed: 'documented-1', size: 3_000_000 },
        { seed: 'documented-2', size: 2000 },
      ],
    })
    const archive = `${scratch.path}/image.tar`
    await writeDockerArchive(image, archive, 'alpine:latest')
    await docker.run(['load', '-i', archive])
    const name = `${host}/demo/alpine:v1`
    await docker.run(['login', host, '-u', user, '-p', password])
    await docker.run(['tag', 'alpine', name])
    await docker.run(['push', name])
    const id = await docker.run(['inspect', '--format', '{{.Id}}', name])
    await docker.run(['rmi', 'alpine', name])
    await docker.run(['pull', name])
    expect((await docker.run(['inspect', '--format', '{{.Id}}', name])) === id, 'another image came back')
    return 'the same image came back'
  } finally {
    await docker.stop()
    await scratch.remove()
  }
}

async function untilGone(pids: readonly number[]): Promise<void> {
  expect(pids.length >= 4, `${pids.length} processes are printed`)
  for (let waited = 0; pids.some(isThere); waited++) {
    expect(waited < 300, `still there after Ctrl-C: ${pids.filter(isThere).join(', ')}`)
    await sleep(100)
  }
}

function isThere(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}
