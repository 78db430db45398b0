import { chown, mkdir } from 'node:fs/promises'
import path from 'node:path'
import { expect } from '../report.ts'
import type { Dockerd } from '../servers/dockerd.ts'
import { freePort } from '../servers/free-port.ts'

/** Who the image runs as: a directory of the host that it is to write must be this user's. */
const USER = 10_001
const NAME = 'lamina-drill'
const VOLUMES = [`${NAME}-lost`, `${NAME}-new`] as const

export interface Drill {
  readonly engine: Dockerd
  readonly image: string
  readonly folder: string
  readonly password: string
  /** Waits for a container's own check. */
  readonly healthy: (container: string) => Promise<void>
  /** Pushes an image under this name and gives its id. */
  readonly push: (reference: string) => Promise<string>
}

/** As docs/operations/backup.md has it: a backup out of one container is restored into the volume of the next. */
export async function restoreDrill(drill: Drill): Promise<string> {
  const { engine, image, folder, push } = drill
  const backup = path.join(folder, 'drill')
  await mkdir(backup)
  await chown(backup, USER, USER)
  const mounts = ['-v', `${backup}:/backup`]
  const [lost, fresh] = VOLUMES
  try {
    const id = await serving(drill, [...mounts, '-v', `${lost}:/data`], async (host) => {
      const pushed = await push(`${host}/demo/drill:v1`)
      await engine.run(['exec', NAME, 'lamina', 'backup', '--to', '/backup/lamina'])
      await engine.run(['image', 'rm', '--force', pushed])
      return pushed
    })
    await engine.run(['volume', 'rm', lost])
    const restore = ['restore', '--from', '/backup/lamina']
    await engine.run([
      'run',
      '--rm',
      '--network',
      'none',
      ...mounts,
      '-v',
      `${fresh}:/data`,
      image,
      ...restore,
    ])
    await serving(drill, ['-v', `${fresh}:/data`], async (host) => {
      await engine.run(['pull', `${host}/demo/drill:v1`])
      const again = await engine.run(['image', 'inspect', '--format', '{{.Id}}', `${host}/demo/drill:v1`])
      expect(again === id, 'another image came back')
    })
    return 'the volume was lost, and its image came back'
  } finally {
    for (const volume of VOLUMES) await engine.try(['volume', 'rm', volume])
  }
}

/** Runs a server with these mounts while `act` goes on; its container is gone afterwards. */
async function serving<Result>(
  { engine, image, password, healthy }: Drill,
  mounts: readonly string[],
  act: (host: string) => Promise<Result>,
): Promise<Result> {
  const port = await freePort()
  const published = ['-p', `127.0.0.1:${port}:5000`, '-e', `LAMINA_ADMIN_PASSWORD=${password}`]
  await engine.run(['run', '-d', '--name', NAME, ...published, ...mounts, image])
  try {
    await healthy(NAME)
    const host = `localhost:${port}`
    await engine.login(host, 'admin', password)
    return await act(host)
  } finally {
    await engine.run(['rm', '--force', NAME])
  }
}
