import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import path from 'node:path'
import { z } from 'zod'
import { digestOf } from '../fixtures/image.ts'
import { expect, Report } from '../report.ts'
import { admin, Lamina } from '../servers/lamina.ts'
import { must } from '../servers/processes.ts'
import { scratchFolder } from '../servers/workspace.ts'
import { CHUNK, LAYERS, writeDockerArchive } from './archive-file.ts'
import { forgetPeak, resident } from './resident.ts'

// `node conformance/bench/archives.ts [GIGABYTES]`: an archive in through a form, and out again. Needs three times its size on disk.
const GB = 1e9
const LIMIT_MB = 200
/** Five gigabytes through a machine that others use, too. */
const PATIENCE_MS = 1_800_000

const size = Math.round((Number(process.argv[2] ?? 5) * GB) / LAYERS / CHUNK) * CHUNK
const report = new Report('archives')
const scratch = await scratchFolder('archives')
const lamina = await Lamina.start({ name: 'archives', data: path.join(scratch.path, 'data') })
const answer = z.object({
  images: z.array(z.object({ digest: z.string() })),
  content: z.array(z.object({ state: z.string() })),
})

async function curl(args: readonly string[]): Promise<string> {
  const login = `${admin.user}:${admin.password}`
  return must('/usr/bin/curl', ['-sS', '--fail-with-body', '-u', login, ...args], { patience: PATIENCE_MS })
}

async function imported(file: string, ref: string): Promise<z.infer<typeof answer>> {
  const text = await curl(['-F', `file=@${file}`, `${lamina.url}/api/v1/import?ref=${ref}`])
  return answer.parse(JSON.parse(text))
}

/** Seconds, and the most that was resident meanwhile; fails above the limit. */
async function measured(bytes: number, work: () => Promise<void>): Promise<string> {
  await forgetPeak(lamina.pid)
  const begun = performance.now()
  await work()
  const seconds = (performance.now() - begun) / 1000
  const { peak } = await resident(lamina.pid)
  expect(peak < LIMIT_MB, `${Math.round(peak)} MB were resident`)
  return `${(bytes / GB).toFixed(2)} GB in ${seconds.toFixed(1)} s, ${Math.round(bytes / 1e6 / seconds)} MB/s, peak ${Math.round(peak)} MB resident`
}

async function sha256Of(file: string, start: number, length: number): Promise<string> {
  const hash = createHash('sha256')
  for await (const chunk of createReadStream(file, { start, end: start + length - 1, highWaterMark: CHUNK }))
    if (Buffer.isBuffer(chunk)) hash.update(chunk)
  return `sha256:${hash.digest('hex')}`
}

const inFile = path.join(scratch.path, 'in.tar')
const outFile = path.join(scratch.path, 'out.tar')
try {
  const digests = await writeDockerArchive(inFile, size)
  const bytes = (await stat(inFile)).size
  let digest = ''
  await report.scenario('archives: in through curl -F', () =>
    measured(bytes, async () => {
      digest = (await imported(inFile, 'big/app:v1')).images[0]?.digest ?? ''
    }),
  )
  await report.scenario('archives: the same again stores nothing', () =>
    measured(bytes, async () => {
      const { content } = await imported(inFile, 'big/app:v2')
      expect(
        content.every(({ state }) => state === 'present'),
        'something was stored again',
      )
    }),
  )
  await report.scenario('archives: out, with the same digests', () =>
    measured(bytes, async () => {
      await curl(['-o', outFile, `${lamina.url}/api/v1/export?ref=big/app:v1`])
    }),
  )
  await report.scenario('archives: what came out holds the layers that went in', async () => {
    const listed = await must('/usr/bin/tar', ['-tRf', outFile])
    for (const wanted of digests) {
      const [, block] =
        new RegExp(`^block (\\d+): blobs/${wanted.replace(':', '/')}$`, 'm').exec(listed) ?? []
      expect(block !== undefined, `${wanted} is not in it`)
      const found = await sha256Of(outFile, (Number(block) + 1) * 512, size)
      expect(found === wanted, `${wanted} came out as ${found}`)
    }
    const manifest = await must('/usr/bin/tar', ['-xOf', outFile, `blobs/${digest.replace(':', '/')}`])
    expect(digestOf(manifest) === digest, 'the manifest came out as another')
    return `${digests.length} layers, ${digest.slice(0, 19)}`
  })
} finally {
  await lamina.stop()
  await scratch.remove()
}
report.finish()
