import { rm, writeFile } from 'node:fs/promises'
import { loadavg } from 'node:os'
import path from 'node:path'
import { Lamina } from '../servers/lamina.ts'
import { projectRoot, scratchFolder, workFolder } from '../servers/workspace.ts'
import { measureFirstLoad } from './first-load.ts'
import { measureIndexing } from './indexing.ts'
import { type LayerFile, type LayerPlan, writeLayer } from './layers.ts'
import { measureImages, measureLastFile, measureOthers, measureTree } from './looks.ts'
import { type Row, renderPage } from './report.ts'

/**
 * `npm run bench:inspect [-- --quick]`: what the inspector takes, and what others feel of it; writes
 * docs/benchmarks/<date>-inspector.md. The quick run has layers a tenth as large, and leaves its report in .work/.
 */
const quick = process.argv.includes('--quick')
const scale = quick ? 0.1 : 1
const ROUNDS = 300
const MB = 1e6

const files = (count: number): number => Math.round(count * scale)
const BIG: LayerPlan = {
  name: 'one-big-file',
  files: 1,
  // The first of all is half as large.
  fileBytes: 2000 * MB * scale,
  content: 'text',
  compression: 'gzip',
  lastBytes: MB,
}
const SMALL: LayerPlan = {
  name: '300000-small-files',
  files: files(300_000),
  fileBytes: 6000,
  content: 'text',
  compression: 'gzip',
}
const RANDOM: LayerPlan = {
  name: 'incompressible',
  files: files(600),
  fileBytes: MB,
  content: 'random',
  compression: 'gzip',
}
const ZSTD: LayerPlan = {
  name: 'zstd',
  files: files(20_000),
  fileBytes: 50_000,
  content: 'text',
  compression: 'zstd',
}
const TREE: LayerPlan = {
  name: 'tree',
  files: 100_000,
  fileBytes: 300,
  content: 'text',
  compression: 'gzip',
}

const scratch = await scratchFolder('bench-inspect')
const rows: Row[] = []
const loads: number[] = []

function add(found: readonly Row[]): void {
  rows.push(...found)
  loads.push(loadavg()[0] ?? 0)
  for (const { what, value, beside, met } of found)
    console.log(`${met ? 'met' : 'MISSED'} ${what}: ${value} (${beside})`)
}

/** Each layer on a server of its own, so that the next one has its disk. */
async function withLayer(plan: LayerPlan, act: (lamina: Lamina, layer: LayerFile) => Promise<void>) {
  const [file, data] = [path.join(scratch.path, plan.name), path.join(scratch.path, `${plan.name}-data`)]
  const layer = await writeLayer(plan, file)
  const lamina = await Lamina.start({ name: `bench-${plan.name}`, data, logFile: `${file}.log` })
  try {
    await act(lamina, layer)
  } finally {
    await lamina.stop()
    await Promise.all([file, data].map((one) => rm(one, { recursive: true })))
  }
}

async function measure(): Promise<void> {
  await withLayer(BIG, async (lamina, layer) => {
    add(await measureIndexing(lamina, layer))
    add([await measureLastFile(lamina, layer, 50)])
  })
  await withLayer(SMALL, async (lamina, layer) => {
    add(await measureIndexing(lamina, layer))
    add(await measureOthers(lamina, layer))
  })
  for (const plan of [RANDOM, ZSTD])
    await withLayer(plan, async (lamina, layer) => add(await measureIndexing(lamina, layer)))
  await withLayer(TREE, async (lamina, layer) => {
    add(await measureTree(lamina, layer, ROUNDS))
    add(await measureImages(lamina, ROUNDS))
    add([await measureFirstLoad(lamina.url)])
  })
}

async function report(): Promise<void> {
  const date = new Date().toISOString().slice(0, 10)
  const [least, most] = [Math.min(...loads), Math.max(...loads)]
  const intro = `\`npm run bench:inspect\`, ${quick ? 'quick' : 'full size'}, at a load average of ${least.toFixed(1)} to ${most.toFixed(1)} on ${quick ? 'layers a tenth as large' : 'the machine below'}. Indexing is counted in processor time of the whole process, so that other work on the machine changes it little; looks are timed by a client beside the server, with the time of the request itself.`
  const text = await renderPage({ title: `The inspector, ${date}`, intro, programs: [] }, rows)
  const folder = quick ? await workFolder('bench') : path.join(projectRoot, 'docs/benchmarks')
  await writeFile(path.join(folder, `${date}-inspector.md`), text)
  const met = rows.filter((row) => row.met).length
  console.log(`= bench:inspect: ${met} targets met, ${rows.length - met} missed`)
}

try {
  await measure()
  await report()
} finally {
  await scratch.remove()
}
