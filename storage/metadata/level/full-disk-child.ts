import { randomBytes } from 'node:crypto'
import { rmSync, writeFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { NoSpace } from '../../store-errors.ts'
import { openLevelMetadataStore } from './level-metadata-store.ts'

/**
 * A process on a small disk (its directory is the argument): fills the disk, commits until it is refused,
 * makes room, commits a hundred records, prints each once acknowledged, and waits to be killed.
 */
const [directory = ''] = process.argv.slice(2)
const filler = join(directory, 'filler')
/** Random, because LevelDB compresses. */
const VALUE = randomBytes(3000)
const BLOCK = Buffer.alloc(1 << 16)
const REFUSALS = 20

const store = await openLevelMetadataStore({
  directory: join(directory, 'metadata'),
  ballastBytes: 32 << 20,
  notice: (sentence) => process.stderr.write(`${sentence}\n`),
})

function fill(): void {
  try {
    for (;;) writeFileSync(filler, BLOCK, { flag: 'a' })
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOSPC')) throw error
  }
}

async function commit(name: string, value: Buffer): Promise<boolean> {
  try {
    await store.commit({ checks: [], sets: [{ key: Buffer.from(name), value }], deletes: [] })
    writeSync(1, `${name}\n`)
    return true
  } catch (error) {
    if (!(error instanceof NoSpace)) throw error
    writeSync(1, 'refused\n')
    return false
  }
}

// A log that ends amid a page: what still fits into the page is written, and the record is torn.
for (let turn = 0; turn < 3; turn += 1) await commit(`before${turn}`, VALUE)
fill()
for (let refused = 0, turn = 0; refused < REFUSALS; turn += 1) {
  if (await commit(`full${turn}`, VALUE)) continue
  refused += 1
  // First the store has what its ballast gives back for itself, then another process takes that too.
  if (refused > REFUSALS / 2) fill()
}
rmSync(filler)
while (!(await commit('room', VALUE))) await sleep(100)
for (let turn = 0; turn < 100; turn += 1) {
  // A compaction that failed while the disk was full may still refuse one.
  while (!(await commit(`after${turn}`, Buffer.from('small')))) await sleep(100)
}
writeSync(1, 'done\n')
await sleep(600_000)
