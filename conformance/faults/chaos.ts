import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import { digestOf } from '../fixtures/image.ts'
import { type Dice, dice } from '../fixtures/random.ts'
import { expect } from '../report.ts'
import type { Lamina } from '../servers/lamina.ts'
import {
  acceptedManifests,
  type ManifestContent,
  manifestContent,
  RegistryClient,
} from '../servers/registry-client.ts'
import { ChaosWorker } from './chaos-worker.ts'
import { ABSENT, Expectations } from './expectations.ts'
import { hashStore, untilOnly } from './store-on-disk.ts'

const explanation = z.object({ madeOf: z.array(z.string()) })
const found = z.object({ problems: z.array(z.object({ problem: z.string() })) })

const WORKERS = 4
/** Keys beyond this are checked by sample, unless all are asked for. */
const SAMPLE = 120

/** A server that collects garbage without pause: what is unused goes after two seconds, its bytes two more later. */
export const COLLECTING = { grace: 2000, expiry: 30_000 } as const
export const COLLECTING_SETTINGS = {
  LAMINA_GRACE: `${COLLECTING.grace}ms`,
  LAMINA_UPLOAD_EXPIRY: `${COLLECTING.expiry}ms`,
  LAMINA_COLLECT_EVERY: '50ms',
  LAMINA_SWEEP_EVERY: '3s',
  // Copies of the records are content of the server's own, which no client knows of.
  LAMINA_SNAPSHOT_EVERY: '0',
} as const
/** Lists of files are such content, too. */
export const NO_INDEXES = { LAMINA_INDEX_LAYERS: 'off' } as const

/** Clients that do random things at the same time, and what the server owes them. */
export class Chaos {
  readonly workers: readonly ChaosWorker[]
  readonly #expected = new Expectations()
  readonly #client: RegistryClient
  readonly #clients: readonly RegistryClient[]
  /** Blobs by repository and digest that have been read since the last start, and whether they were there. */
  readonly #read = new Map<string, boolean>()
  checked = 0

  /** `times`: of a server that collects, see ChaosWorker. */
  constructor(url: string, seed: number, times?: { readonly grace: number; readonly expiry: number }) {
    this.#client = new RegistryClient(url)
    this.#clients = Array.from({ length: WORKERS }, () => new RegistryClient(url))
    this.workers = this.#clients.map((client, index) => {
      const parts = { client, expected: this.#expected, dice: dice(seed + index + 1) }
      return new ChaosWorker(`w${index}`, times === undefined ? parts : { ...parts, times })
    })
  }

  get operations(): number {
    return this.workers.reduce((sum, worker) => sum + worker.operations, 0)
  }

  get late(): number {
    return this.workers.reduce((sum, worker) => sum + worker.late, 0)
  }

  get resumed(): number {
    return this.workers.reduce((sum, worker) => sum + worker.resumed, 0)
  }

  /** Works until told to stop. Rejects with what no server should do; connections may break once it is killed. */
  async work(isStopped: () => boolean, mayBreak: () => boolean): Promise<void> {
    await Promise.all(
      this.workers.map(async (worker) => {
        while (!isStopped()) {
          try {
            await worker.step(this.workers)
          } catch (error) {
            if (!mayBreak() || !isConnectionError(error)) throw error
          }
        }
      }),
    )
  }

  /** Compares what is promised with what is there: all of it, or with dice a sample with all that was in doubt. */
  async verify(choices: Dice | undefined): Promise<void> {
    const keys = this.#expected.keys()
    // The youngest keys are the endangered ones. What a kill left open is settled each time: the next deletes rely on
    // knowing which tag leads where.
    const chosen =
      choices === undefined || keys.length <= SAMPLE * 2
        ? keys
        : [
            ...this.#expected.open(),
            ...keys.slice(-SAMPLE),
            ...Array.from({ length: SAMPLE }, () => choices.pick(keys)),
          ]
    this.#read.clear()
    for (const key of new Set(chosen)) {
      const observed = await this.#observe(key)
      const promised = this.#expected.settle(key, observed)
      if (promised !== undefined)
        throw new Error(`lost: ${key} is ${observed || 'absent'}, promised was ${promised}`)
    }
    this.checked += chosen.length
    // The next restart would break what is kept open.
    this.#client.close()
  }

  /**
   * After the last verify, on a server that collects: every tag that is listed is one that is owed and the reverse;
   * exactly the files of what is owed remain on disk, each with the bytes of its name; and no digest that was ever
   * sent answers with anything but its bytes or 404. Returns the number of files. `kills`: of a server that makes lists of
   * files; those of layers that were ever pushed may lie there, and for each kill what it cut off.
   */
  async expectExactly(
    lamina: Lamina,
    data: string,
    patience: number,
    kills?: number,
  ): Promise<{ readonly files: number; readonly made: number }> {
    await this.#expectTags()
    const live = new Set<string>()
    for (const { key } of this.#expected.certain('manifest ')) {
      const [, repository = '', digest = ''] = key.split(' ')
      for (const blob of blobsOf((await this.#client.manifest(repository, digest)).content)) live.add(blob)
    }
    const isMade = (digest: string) => this.#isMadeOfLayers(digest)
    const beside = kills === undefined ? undefined : { isMade, cutOff: kills }
    const made = await untilOnly(data, live, patience, beside)
    const files = await hashStore(data)
    for (const worker of this.workers)
      for (const digest of worker.sent) await this.#expectWholeOrAbsent(worker.repository, digest)
    await this.#expectSound(lamina, kills === undefined ? 0 : patience)
    return { files, made }
  }

  /**
   * Fails on what fsck finds, but for bytes that a kill has left of an upload which has expired since: the next sweep
   * takes them, so they must be gone when patience ends.
   */
  async #expectSound(lamina: Lamina, patience: number): Promise<void> {
    const end = Date.now() + patience
    for (;;) {
      const failed = await lamina.command(['fsck']).then(() => undefined, String)
      if (failed === undefined) return
      const { problems } = found.parse(
        JSON.parse((await this.#client.request('GET', '/api/v1/fsck')).body.toString()),
      )
      const others = problems.filter(({ problem }) => problem !== 'bytes that no record mentions')
      expect(others.length === 0 && Date.now() < end, failed)
      await sleep(1000)
    }
  }

  /** Whether the server says that it made a blob of layers that clients pushed. */
  async #isMadeOfLayers(digest: string): Promise<boolean> {
    const answer = await this.#client.request('GET', `/api/v1/collection/why/${digest}`)
    if (answer.status === 404) return false
    const { madeOf } = explanation.parse(JSON.parse(answer.body.toString()))
    return madeOf.length > 0 && madeOf.every((layer) => this.workers.some(({ sent }) => sent.has(layer)))
  }

  close(): void {
    for (const client of [this.#client, ...this.#clients]) client.close()
  }

  async #expectTags(): Promise<void> {
    for (const repository of ['chaos/shared', ...this.workers.map((worker) => worker.repository)]) {
      const prefix = `tag ${repository} `
      const owed = this.#expected.certain(prefix).map(({ key }) => key.slice(prefix.length))
      const answer = await this.#client.request('GET', `/v2/${repository}/tags/list`)
      const listed = answer.status === 404 ? [] : await this.#client.tags(repository)
      expect(
        owed.toSorted().join() === listed.toSorted().join(),
        `${repository} lists ${listed.join()}, owed are ${owed.join()}`,
      )
    }
  }

  /** A manifest counts as there with everything that it refers to. */
  async #observe(key: string): Promise<string> {
    const [kind = '', repository = '', name = ''] = key.split(' ')
    if (kind === 'blob') return (await this.#isWhole(repository, name)) ? 'present' : ABSENT
    const headers = { accept: acceptedManifests }
    const answer = await this.#client.request('GET', `/v2/${repository}/manifests/${name}`, { headers })
    if (answer.status === 404) return ABSENT
    if (answer.status !== 200) throw new Error(`GET of ${key} answered ${answer.status}`)
    const digest = digestOf(answer.body)
    const named = answer.headers['docker-content-digest']
    expect(named === digest, `${key} came as ${digest}, the header says ${String(named)}`)
    if (kind === 'tag') return digest
    for (const blob of blobsOf(manifestContent(answer.body)))
      expect(await this.#isWhole(repository, blob), `${key} is there without its blob ${blob}`)
    return digest === name ? 'present' : `other content (${digest})`
  }

  /** Many images share a blob: it is read once for all of them. */
  async #isWhole(repository: string, digest: string): Promise<boolean> {
    const key = `${repository} ${digest}`
    const known = this.#read.get(key) ?? (await this.#expectWholeOrAbsent(repository, digest))
    this.#read.set(key, known)
    return known
  }

  /** False: absent. */
  async #expectWholeOrAbsent(repository: string, digest: string): Promise<boolean> {
    const answer = await this.#client.request('GET', `/v2/${repository}/blobs/${digest}`)
    if (answer.status === 404) return false
    if (answer.status !== 200) throw new Error(`GET of blob ${digest} answered ${answer.status}`)
    expect(digestOf(answer.body) === digest, `blob ${digest} came back as ${digestOf(answer.body)}`)
    return true
  }
}

function blobsOf({ config, layers = [] }: ManifestContent): string[] {
  return [...(config === undefined ? [] : [config]), ...layers].map(({ digest }) => digest)
}

function isConnectionError(error: unknown): boolean {
  return (
    error instanceof Error &&
    'code' in error &&
    ['ECONNRESET', 'ECONNREFUSED', 'EPIPE'].includes(String(error.code))
  )
}
