import { writeSync } from 'node:fs'
import { FileBallast } from './ballast.ts'
import { createClassicLevel } from './classic-database.ts'
import type { LevelDatabase } from './level-database.ts'
import { openLevelStoreOver } from './level-metadata-store.ts'

/**
 * A process that is to be killed: commits with several writers and prints the name of each record once it
 * was acknowledged. Arguments: the directory; 'amid' (killed from outside), or 'before' or 'after': kills
 * itself right before or right after a batch is written.
 */
const [directory = '', moment = 'amid'] = process.argv.slice(2)
const WRITERS = 8
const LAST_BATCH = 20

/** `database`, but the process dies at its twentieth batch. */
function mortal(database: LevelDatabase): LevelDatabase {
  let batches = 0
  return {
    open: () => database.open(),
    close: () => database.close(),
    getSync: (key, options) => database.getSync(key, options),
    getMany: (keys, options) => database.getMany(keys, options),
    iterator: (options) => database.iterator(options),
    snapshot: () => database.snapshot(),
    batch: async (operations, options) => {
      batches += 1
      if (batches === LAST_BATCH && moment === 'before') process.kill(process.pid, 'SIGKILL')
      await database.batch(operations, options)
      if (batches === LAST_BATCH && moment === 'after') process.kill(process.pid, 'SIGKILL')
    },
  }
}

const store = await openLevelStoreOver({
  database: mortal(createClassicLevel(directory)),
  ballast: new FileBallast(directory, 0),
  place: directory,
  recoveryMilliseconds: 1000,
  notice: (sentence) => process.stderr.write(`${sentence}\n`),
})

await Promise.all(
  Array.from({ length: WRITERS }, async (_, writer) => {
    for (let turn = 0; ; turn += 1) {
      const name = `w${writer}-${turn}`
      const value = Buffer.alloc(300, name)
      await store.commit({ checks: [], sets: [{ key: Buffer.from(name), value }], deletes: [] })
      writeSync(1, `${name}\n`)
    }
  }),
)
