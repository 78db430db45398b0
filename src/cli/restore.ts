import { resolve } from 'node:path'
import type { Lost } from '../compose-restore.ts'
import { loadConfig } from '../config/load.ts'
import { createLogger } from '../log.ts'
import type { RestoreResult } from '../maintenance/backup/restore.ts'
import { type Command, type Input, type Output, optionValue } from './command.ts'
import { UsageError } from './failures.ts'
import { privately } from './privately.ts'

export const commands: readonly Command[] = [
  {
    words: 'restore',
    summary: 'Make a registry from a backup. The server must not run.',
    details: `Reads the settings that \`lamina serve\` reads, and fills their stores, which must be empty. Every byte is compared
with its digest; blobs that do not pass are listed, and quarantined until they are pushed again.

--from-store is for a registry whose database is lost and whose bytes are there: it takes the newest of the snapshots
that the server puts beside the bytes each day. What was pushed since is not in it.

--from-damaged is for a database of which a file is damaged: DIR is its directory, moved away. Every record has a checksum
of its own, and those that are as they were written are taken; the rest is lost, and \`lamina fsck --repair\` mends what
depends on it. DIR is changed by that. What was deleted or taken back may be there again.

Where bytes lie in a bucket, a backup holds the records alone and is restored beside the bytes. The bucket says whose
they are: --take-over gives those of a registry whose records are lost to the one that is restored. If that registry
still runs, it collects nothing more, and its next start is refused.

Signing keys sealed with LAMINA_SECRET need the same secret again.`,
    options: {
      from: { value: 'DIR', doc: 'A directory that `lamina backup` wrote.' },
      'from-store': { doc: 'The newest snapshot in the blob store.' },
      'from-damaged': { value: 'DIR', doc: 'What can be read of a damaged database, moved to DIR.' },
      'take-over': { doc: 'The bucket belongs to a registry whose records are lost.' },
    },
    run,
  },
]

async function run(input: Input): Promise<Output> {
  const { environment, directory } = input.context
  const [from, damaged] = [optionValue(input, 'from'), optionValue(input, 'from-damaged')]
  const given = [from !== undefined, damaged !== undefined, input.switches.has('from-store')]
  if (given.filter(Boolean).length !== 1)
    throw new UsageError('`lamina restore` takes one of --from DIR, --from-store and --from-damaged DIR.')
  if (damaged !== undefined && input.switches.has('take-over'))
    throw new UsageError('`lamina restore --from-damaged` takes over no bucket.')
  const { config } = await loadConfig(environment, directory)
  const log = await createLogger({ ...config, log: 'warn' })
  // Not among the imports above: help and errors in the configuration need no database.
  const { restore, restoreDamaged } = await import('../compose-restore.ts')
  if (damaged !== undefined) {
    const value = await privately(() => restoreDamaged(config, log, resolve(directory, damaged)))
    return { value, text: [describe(value), ...describeLost(value.lost)].join('\n') }
  }
  const source = {
    from: from === undefined ? undefined : resolve(directory, from),
    takeOver: input.switches.has('take-over'),
  }
  const value = await privately(() => restore(config, log, source))
  return { value, text: describe(value) }
}

function describeLost({ records, isMore }: Lost): string[] {
  return [
    `${records} damaged records were left out${isMore ? ', and there may have been more' : ''}.`,
    'Start the server, and run `lamina fsck --repair` within LAMINA_SWEEP_EVERY: by then bytes that no record names go.',
  ]
}

function describe({ taken, records, blobs, bytes, damaged }: RestoreResult): string {
  const lines = [
    `Restored the registry of ${taken}: ${records} records, ${blobs} blobs, ${bytes} bytes read.`,
  ]
  if (damaged.length > 0)
    lines.push(`${damaged.length} blobs are damaged until they are pushed again:`, ...damaged)
  return lines.join('\n')
}
