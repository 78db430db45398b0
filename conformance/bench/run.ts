import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { Lamina } from '../servers/lamina.ts'
import { projectRoot, scratchFolder, workFolder } from '../servers/workspace.ts'
import {
  type Bench,
  measureBlobs,
  measureDelays,
  measureManifests,
  measureStart,
  type Size,
} from './measures.ts'
import { type Peer, requirePrograms, startDockerRegistry, startNginx } from './peers.ts'
import { type Row, renderReport } from './report.ts'
import { laminaToken, pushImage, type Subject } from './subject.ts'
import { RandomFile } from './work.ts'

/**
 * `npm run bench [-- --quick]`: measures Lamina beside its peers and writes docs/benchmarks/<date>.md. The quick run
 * takes less than a minute, moves smaller blobs, and leaves its report in .work/, since its numbers are rougher.
 */
const MIB = 2 ** 20
const FULL: Size = { starts: 5, rounds: 3, manifestSeconds: 4, blobBytes: 1024 * MIB, largeManifests: 10 }
const QUICK: Size = { starts: 3, rounds: 3, manifestSeconds: 1, blobBytes: 128 * MIB, largeManifests: 3 }

const quick = process.argv.includes('--quick')
const size = quick ? QUICK : FULL

await requirePrograms()
const scratch = await scratchFolder('bench')
try {
  await report(await measure(scratch.path))
} finally {
  await scratch.remove()
}

async function measure(folder: string): Promise<Row[]> {
  const rows = await measureStart(folder, size.starts)
  await mkdir(path.join(folder, 'www'))
  const file = new RandomFile(path.join(folder, 'www'), size.blobBytes)
  await file.make()
  const env = { LAMINA_TOKEN_SECONDS: '3600' }
  const logFile = path.join(folder, 'lamina.log')
  const lamina = await Lamina.start({ name: 'bench-lamina', data: path.join(folder, 'lamina'), env, logFile })
  const peers = [await startDockerRegistry(folder), await startNginx(folder)] as const
  try {
    const bench = await prepare({ size, folder, file }, lamina, peers)
    for (const part of [measureManifests, measureBlobs, measureDelays]) rows.push(...(await part(bench)))
  } finally {
    await Promise.all([lamina.stop(), ...peers.map(({ server }) => server.stop())])
  }
  return rows
}

async function prepare(
  parts: Pick<Bench, 'size' | 'folder' | 'file'>,
  { url, pid }: Lamina,
  [registry, nginx]: readonly [Peer, Peer],
): Promise<Bench> {
  const headers = { authorization: `Bearer ${await laminaToken(url)}` }
  const lamina: Subject = { name: 'lamina', url, pid, headers }
  const peer: Subject = { name: 'docker-registry', url: registry.url, pid: registry.server.pid, headers: {} }
  for (const subject of [lamina, peer]) await pushImage(subject)
  return { ...parts, lamina, peer, nginx: nginx.url }
}

async function report(rows: readonly Row[]): Promise<void> {
  const date = new Date().toISOString().slice(0, 10)
  const text = await renderReport(date, quick ? 'quick' : 'full size', rows)
  const folder = quick ? await workFolder('bench') : path.join(projectRoot, 'docs/benchmarks')
  await mkdir(folder, { recursive: true })
  await writeFile(path.join(folder, `${date}.md`), text)
  console.log(text)
  const targets = rows.filter(({ target }) => target !== '')
  const met = targets.filter((row) => row.met).length
  console.log(`= bench: ${met} targets met, ${targets.length - met} missed`)
}
