import { createReadStream } from 'node:fs'
import { open, rm } from 'node:fs/promises'
import path from 'node:path'
import { performance } from 'node:perf_hooks'
import { must } from '../servers/processes.ts'
import { processorSeconds } from './cpu.ts'
import { IMAGE, REPOSITORY, type Subject, startUpload } from './subject.ts'

/** Longest that one transfer or copy may take, in milliseconds. */
const PATIENCE = 600_000
const BLOCK = 1024 * 1024

/** Seconds that a command takes, from its start to its end. */
export async function timed(command: string, args: string[]): Promise<{ seconds: number; output: string }> {
  const begun = performance.now()
  const output = await must(command, args, { patience: PATIENCE })
  return { seconds: (performance.now() - begun) / 1000, output }
}

/**
 * Answers a second to GET of a manifest by tag, over `connections`, by wrk in its own process; and microseconds of the
 * server's processor time for each.
 */
export async function manifestRate(
  subject: Subject,
  connections: number,
  seconds: number,
): Promise<{ readonly rate: number; readonly processor: number }> {
  const headers = Object.entries({ accept: IMAGE, ...subject.headers }).flatMap(([name, value]) => [
    '-H',
    `${name}: ${value}`,
  ])
  const target = `${subject.url}/v2/${REPOSITORY}/manifests/v1`
  const load = ['-t1', `-c${connections}`, `-d${seconds}s`, ...headers, target]
  const before = await processorSeconds(subject.pid)
  const said = await must('wrk', load, { patience: PATIENCE })
  const spent = (await processorSeconds(subject.pid)) - before
  const rate = Number(/Requests\/sec:\s+([\d.]+)/.exec(said)?.[1])
  const requests = Number(/(\d+) requests in/.exec(said)?.[1])
  if (said.includes('Non-2xx') || !(rate > 0) || !(requests > 0))
    throw new Error(`${subject.name}: wrk says ${said.slice(-300)}`)
  return { rate, processor: (spent / requests) * 1e6 }
}

/** Seconds of a GET whose body goes nowhere, by curl. */
export async function download(
  url: string,
  bytes: number,
  headers: Subject['headers'] = {},
): Promise<number> {
  const format = ['-w', '%{http_code} %{size_download} %{time_total}']
  const said = await must('curl', ['-s', '-o', '/dev/null', ...format, ...headerArguments(headers), url], {
    patience: PATIENCE,
  })
  const [status, size, seconds] = said.split(' ').map(Number)
  if (status !== 200 || size !== bytes || seconds === undefined) throw new Error(`GET ${url}: ${said}`)
  return seconds
}

/** Seconds of a push of one file as docker does it: one streamed PATCH, then a PUT without body; both by curl. */
export async function push(subject: Subject, file: string, digest: string): Promise<number> {
  const session = await startUpload(subject)
  const begun = performance.now()
  const octets = { 'content-type': 'application/octet-stream', expect: '' }
  const next = await upload(session, ['-X', 'PATCH', '-T', file], { ...subject.headers, ...octets })
  next.searchParams.set('digest', digest)
  await upload(next, ['-X', 'PUT', '--data-binary', ''], subject.headers)
  return (performance.now() - begun) / 1000
}

/** Seconds of the closing PUT alone, after everything was sent by PATCH. */
export async function closingTime(
  subject: Subject,
  file: string,
  digest: string,
  closer = subject.url,
): Promise<number> {
  const session = await startUpload(subject)
  const octets = { 'content-type': 'application/octet-stream', expect: '' }
  const next = await upload(session, ['-X', 'PATCH', '-T', file], { ...subject.headers, ...octets })
  const last = new URL(next.pathname + next.search, closer)
  last.searchParams.set('digest', digest)
  const begun = performance.now()
  await upload(last, ['-X', 'PUT', '--data-binary', ''], subject.headers)
  return (performance.now() - begun) / 1000
}

/** Runs one request of an upload; where it goes on. */
async function upload(url: URL, args: string[], headers: Subject['headers']): Promise<URL> {
  const shown = ['-s', '-o', '/dev/null', '-w', '%{http_code} %header{location}']
  const said = await must('curl', [...shown, ...args, ...headerArguments(headers), url.href], {
    patience: PATIENCE,
  })
  const [status = '', location = ''] = said.split(' ')
  if (status !== '202' && status !== '201') throw new Error(`${args[1] ?? ''} of an upload: ${said}`)
  return new URL(location, url)
}

function headerArguments(headers: Subject['headers']): string[] {
  return Object.entries(headers).flatMap(([name, value]) => ['-H', `${name}: ${value}`])
}

/** A file of random bytes; `stamp` makes each one another content at the cost of one block. */
export class RandomFile {
  readonly path: string
  readonly bytes: number

  constructor(folder: string, bytes: number) {
    this.path = path.join(folder, 'blob')
    this.bytes = bytes
  }

  async make(): Promise<void> {
    await must('dd', ['if=/dev/urandom', `of=${this.path}`, 'bs=1M', `count=${this.bytes / BLOCK}`], {
      patience: PATIENCE,
    })
  }

  /** Changes the content; reading it through once puts it back into the page cache. */
  async stamp(round: number): Promise<void> {
    const file = await open(this.path, 'r+')
    await file.write(Buffer.from(`round ${round} ${Date.now()} `))
    await file.close()
    for await (const chunk of createReadStream(this.path, { highWaterMark: BLOCK })) void chunk
  }
}

/** Writes a copy and waits until it is on the disk, then takes it away. */
export async function copyDurably(file: string, target: string): Promise<number> {
  const { seconds } = await timed('dd', [`if=${file}`, `of=${target}`, 'bs=1M', 'conv=fsync'])
  await rm(target)
  return seconds
}

/** Writes a copy into the page cache, then takes it away. */
export async function copy(file: string, target: string): Promise<number> {
  const { seconds } = await timed('cp', ['--reflink=never', file, target])
  await rm(target)
  return seconds
}
