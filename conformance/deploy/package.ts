import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import { makeImage } from '../fixtures/image.ts'
import { expect } from '../report.ts'
import { Lamina } from '../servers/lamina.ts'
import { must } from '../servers/processes.ts'
import { RegistryClient } from '../servers/registry-client.ts'

const minutes = 60_000
const packed = z.array(z.object({ filename: z.string(), size: z.number() }))
const steps = z.object({ steps: z.array(z.object({ layer: z.object({ state: z.string() }).nullable() })) })

/** `npm pack`, `npm install -g` of the file into an empty place, and there a push that is looked into by a thread. */
export async function packagedProgram(folder: string): Promise<string> {
  const made = packed.parse(JSON.parse(await pack(folder)))
  const [file] = made
  if (file === undefined) throw new Error('npm pack made no file')
  const prefix = path.join(folder, 'prefix')
  await must('npm', ['install', '--global', '--prefix', prefix, path.join(folder, file.filename)], {
    cwd: folder,
    patience: 10 * minutes,
  })
  const program = path.join(prefix, 'bin/lamina')
  const lamina = await Lamina.start({ name: 'packaged', data: path.join(folder, 'data'), program })
  const client = new RegistryClient(lamina.url)
  try {
    const page = await client.request('GET', '/')
    expect(page.status === 200 && page.body.includes('<html'), `the page answered ${page.status}`)
    const image = makeImage({ layers: [{ seed: 'packaged', size: 50_000 }] })
    await client.pushImage('demo/app', image, 'v1')
    await lookedInto(client)
    const said = await must(program, ['status'], { env: { LAMINA_DATA: path.join(folder, 'data') } })
    expect(said.includes('ready'), said)
  } finally {
    client.close()
    await lamina.stop()
  }
  return `${(file.size / 1e6).toFixed(1)} MB; page, push, status, and a layer's index`
}

/** The building of what is not there yet writes to the same output. */
async function pack(folder: string): Promise<string> {
  await must('npm', ['run', 'build', '--silent'], { patience: 10 * minutes })
  return must('npm', ['pack', '--ignore-scripts', '--json', '--pack-destination', folder])
}

async function lookedInto(client: RegistryClient): Promise<void> {
  const deadline = Date.now() + 2 * minutes
  for (;;) {
    const answer = await client.request('GET', '/api/v1/image?ref=demo/app:v1')
    const found = steps.parse(JSON.parse(answer.body.toString())).steps.flatMap(({ layer }) => layer ?? [])
    if (found.length > 0 && found.every(({ state }) => state === 'done')) return
    expect(Date.now() < deadline, `layers are ${found.map(({ state }) => state).join(', ')}`)
    await sleep(500)
  }
}
