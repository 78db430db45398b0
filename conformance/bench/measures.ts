import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { must } from '../servers/processes.ts'
import { delayOfOthers } from './delay.ts'
import type { Row } from './report.ts'
import { forgetPeak, resident } from './resident.ts'
import { startTime } from './start.ts'
import { Samples } from './statistics.ts'
import { manifestOfAnnotations, REPOSITORY, type Subject } from './subject.ts'
import { copy, copyDurably, download, manifestRate, push, type RandomFile, timed } from './work.ts'

const CONNECTIONS = 32
const MANIFEST_BYTES = 4 * 1024 * 1024
/** Megabytes, of a million bytes. */
const MEMORY_LIMIT = 150

/** How much is measured. */
export interface Size {
  readonly starts: number
  readonly rounds: number
  readonly manifestSeconds: number
  readonly blobBytes: number
  readonly largeManifests: number
}

/** What the measures share. */
export interface Bench {
  readonly size: Size
  readonly folder: string
  readonly lamina: Subject
  readonly peer: Subject
  readonly nginx: string
  readonly file: RandomFile
}

/** The first start makes every directory, the user and the keys; later ones find them. */
export async function measureStart(folder: string, starts: number): Promise<Row[]> {
  const samples = new Samples()
  for (let at = 0; at < starts; at++) {
    const data = path.join(folder, `start-${at}`)
    samples.add('first', await startTime(data))
    samples.add('again', await startTime(data))
  }
  return (['first', 'again'] as const).map((kind) => ({
    what: kind === 'first' ? 'start to listening, empty data directory' : 'start to listening, later starts',
    value: `${samples.median(kind).toFixed(0)} ms`,
    beside: '',
    target: '< 400 ms',
    met: samples.median(kind) < 400,
  }))
}

/** GET of a manifest by tag. */
export async function measureManifests({ size, lamina, peer }: Bench): Promise<Row[]> {
  const samples = new Samples()
  await forgetPeak(lamina.pid)
  for (let round = 0; round < size.rounds; round++) {
    for (const subject of [peer, lamina]) {
      const { rate, processor } = await manifestRate(subject, CONNECTIONS, size.manifestSeconds)
      samples.add(subject.name, rate)
      samples.add(`${subject.name} µs`, processor)
    }
  }
  const ratio = samples.median(lamina.name) / samples.median(peer.name)
  const [own, its] = [samples.median(`${lamina.name} µs`), samples.median(`${peer.name} µs`)]
  return [
    {
      what: `manifest GET, verified token, ${CONNECTIONS} connections`,
      value: `${samples.median(lamina.name).toFixed(0)}/s`,
      beside: `docker-registry ${samples.median(peer.name).toFixed(0)}/s: ${ratio.toFixed(1)} ×`,
      target: '≥ 10 ×',
      met: ratio >= 10,
    },
    {
      what: 'processor time of each',
      value: `${own.toFixed(0)} µs`,
      beside: `docker-registry ${its.toFixed(0)} µs: ${(its / own).toFixed(1)} ×`,
      target: '',
      met: true,
    },
    await memoryRow(lamina, 'manifest GETs'),
  ]
}

/** A push of a new blob each round, so that nobody can answer from what is already there; then its download. */
export async function measureBlobs(bench: Bench): Promise<Row[]> {
  const pushes = new Samples()
  const pulls = new Samples()
  const rows: Row[] = []
  await forgetPeak(bench.lamina.pid)
  let digest = ''
  for (let round = 0; round < bench.size.rounds; round++) {
    await bench.file.stamp(round)
    digest = await pushRound(bench, pushes)
  }
  rows.push(pushRow(bench, pushes), await memoryRow(bench.lamina, 'pushes'))
  await forgetPeak(bench.lamina.pid)
  for (let round = 0; round < bench.size.rounds; round++) await pullRound(bench, pulls, digest)
  const ratio = pulls.median('lamina') / pulls.median('nginx')
  rows.push({
    what: `${shownSize(bench)} blob GET`,
    value: `${pulls.median('lamina').toFixed(2)} s`,
    beside: `nginx ${pulls.median('nginx').toFixed(2)} s: ${ratio.toFixed(2)} ×; docker-registry ${pulls.median('peer').toFixed(2)} s`,
    target: '≤ 1 × nginx (5 % is noise)',
    met: ratio <= 1.05,
  })
  rows.push(await memoryRow(bench.lamina, 'blob GETs'))
  return rows
}

/** What is dirty in the page cache is written before each step: the disk belongs to who is measured. */
async function pushRound({ lamina, peer, file, folder }: Bench, samples: Samples): Promise<string> {
  const sum = await timed('openssl', ['dgst', '-sha256', '-r', file.path])
  const digest = `sha256:${sum.output.split(' ', 1)[0] ?? ''}`
  samples.add('sha256', sum.seconds)
  samples.add('sha256sum', (await timed('sha256sum', [file.path])).seconds)
  const target = path.join(folder, 'copy')
  await must('sync', [])
  samples.add('dd', await copyDurably(file.path, target))
  await must('sync', [])
  samples.add('lamina', await push(lamina, file.path, digest))
  await must('sync', [])
  samples.add('peer', await push(peer, file.path, digest))
  await must('sync', [])
  samples.add('cp', await copy(file.path, target))
  return digest
}

function pushRow(bench: Bench, samples: Samples): Row {
  const at = (name: string): string => `${name} ${samples.median(name).toFixed(2)} s`
  const reference = Math.max(samples.median('dd'), samples.median('sha256'))
  const ratio = samples.median('lamina') / reference
  return {
    what: `${shownSize(bench)} push: PATCH and PUT`,
    value: `${samples.median('lamina').toFixed(2)} s`,
    beside: `${at('dd')} with fsync, openssl ${at('sha256')}: ${ratio.toFixed(2)} ×; ${at('sha256sum')}, ${at('cp')}, docker-registry ${samples.median('peer').toFixed(2)} s without fsync`,
    target: '≤ 1.3 × the slower of dd and sha256',
    met: ratio <= 1.3,
  }
}

async function pullRound(
  { lamina, peer, nginx, file }: Bench,
  samples: Samples,
  digest: string,
): Promise<void> {
  const blob = `/v2/${REPOSITORY}/blobs/${digest}`
  samples.add('nginx', await download(`${nginx}/blob`, file.bytes))
  samples.add('lamina', await download(`${lamina.url}${blob}`, file.bytes, lamina.headers))
  samples.add('peer', await download(`${peer.url}${blob}`, file.bytes))
}

/** What others feel while large manifests are pushed. */
export async function measureDelays({ size, lamina, folder }: Bench): Promise<Row[]> {
  const contents = {
    brackets: '['.repeat(MANIFEST_BYTES),
    annotations: manifestOfAnnotations(MANIFEST_BYTES),
  }
  const rows: Row[] = []
  await forgetPeak(lamina.pid)
  for (const [name, text] of Object.entries(contents)) {
    const file = path.join(folder, `${name}.json`)
    await writeFile(file, text)
    const { calm, added, noise } = await delayOfOthers(lamina, file, size.largeManifests)
    rows.push({
      what: `delay of others, ${(text.length / 2 ** 20).toFixed(1)} MiB manifest of ${name}`,
      value: `+${added.toFixed(1)} ms`,
      beside: `${calm.toFixed(2)} ms when calm; the same time without a push: +${noise.toFixed(1)} ms`,
      target: '≤ 20 ms more',
      met: added <= 20,
    })
  }
  rows.push(await memoryRow(lamina, 'large manifests'))
  return rows
}

async function memoryRow({ pid }: Subject, during: string): Promise<Row> {
  const { now, peak } = await resident(pid)
  return {
    what: `resident memory, ${during}`,
    value: `peak ${peak.toFixed(0)} MB`,
    beside: `${now.toFixed(0)} MB afterwards`,
    target: `< ${MEMORY_LIMIT} MB`,
    met: peak < MEMORY_LIMIT,
  }
}

function shownSize({ file }: Bench): string {
  return `${file.bytes / 2 ** 20} MiB`
}
