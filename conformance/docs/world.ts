import { mkdir, symlink, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { z } from 'zod'
import { makeImage } from '../fixtures/image.ts'
import { randomBytes } from '../fixtures/random.ts'
import { Dockerd } from '../servers/dockerd.ts'
import { admin, Lamina } from '../servers/lamina.ts'
import { RegistryClient } from '../servers/registry-client.ts'
import { projectRoot, scratchFolder } from '../servers/workspace.ts'

/** What the documents speak of: a registry with something in it, docker, and a folder to work in. */
export interface World {
  readonly lamina: Lamina
  readonly engine: Dockerd
  /** Holds a folder for each document. */
  readonly folder: string
  readonly token: string
  stop(): Promise<void>
}

const made = z.object({ secret: z.string() })

export async function startWorld(): Promise<World> {
  const scratch = await scratchFolder('docs')
  const lamina = await Lamina.start({ name: 'docs', data: path.join(scratch.path, 'data') })
  const engine = await Dockerd.start()
  const stop = async (): Promise<void> => {
    await engine.stop()
    await lamina.stop()
    await scratch.remove()
  }
  try {
    await fill(lamina)
    await makeImages(engine, scratch.path)
    const { secret } = made.parse(JSON.parse(await lamina.command(['token', 'add', 'documents', '--json'])))
    return { lamina, engine, folder: scratch.path, token: secret, stop }
  } catch (error) {
    await stop()
    throw error
  }
}

/** The projects that documents name. */
async function fill(lamina: Lamina): Promise<void> {
  const client = new RegistryClient(lamina.url)
  const base = { seed: 'documents-base', size: 20_000 }
  for (const version of ['v9', 'v10', 'v11'])
    await client.pushImage('shop/web', makeImage({ layers: [base, { seed: version, size: 5000 }] }), version)
  client.close()
}

/** The images that documents push. */
async function makeImages(engine: Dockerd, folder: string): Promise<void> {
  const home = await makeHome(folder, 'images')
  await engine.run(['build', '-t', 'alpine', '-t', 'app:v1', home])
  await engine.run(['save', '-o', path.join(folder, 'archive.tar'), 'app:v1'])
}

/** A folder for the commands of one document, as a reader has it: the project, an archive, and a thing to build. */
export async function makeHome(folder: string, name: string): Promise<string> {
  const home = path.join(folder, name)
  await mkdir(path.join(home, 'bin'), { recursive: true })
  await symlink(path.join(projectRoot, 'bin/lamina'), path.join(home, 'bin/lamina'))
  await symlink(path.join(projectRoot, 'deploy'), path.join(home, 'deploy'))
  await symlink(path.join(folder, 'archive.tar'), path.join(home, 'archive.tar'))
  await writeFile(path.join(home, 'program'), randomBytes('documents', 50_000))
  await writeFile(path.join(home, 'Dockerfile'), 'FROM scratch\nCOPY program /program\nCMD ["/program"]\n')
  return home
}

/** The administrator's password. */
export const PASSWORD = admin.password
