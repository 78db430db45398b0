import { constants, type Stats } from 'node:fs'
import { access, stat, statfs } from 'node:fs/promises'
import type { Config } from '../config/schema.ts'
import { whyOf } from '../system-code.ts'
import { bad, type Finding, good, warning } from './finding.ts'

/** Kinds of file systems by the numbers of Linux (statfs(2)) on which a promise of durability cannot be kept. */
const FORGETFUL: Readonly<Record<number, string>> = {
  0x01021994: 'tmpfs, which is gone after a restart of the machine',
  0x858458f6: 'ramfs, which is gone after a restart of the machine',
}
const SHARED: Readonly<Record<number, string>> = {
  0x6969: 'NFS',
  0x517b: 'SMB',
  0xff534d42: 'SMB',
  0xfe534d42: 'SMB',
}
/** A disk that is nearly full is told of before pushes are refused. */
const NEARLY = 4

type Data = Pick<Config, 'data' | 'minFree' | 'metadata' | 'blobs'>

/** The data directory: whether it is there, whose it is, and whether what is written there stays and has room. */
export async function checkDataDirectory(config: Data): Promise<Finding[]> {
  const { data } = config
  try {
    const facts = await stat(data)
    await access(data, constants.R_OK | constants.W_OK | constants.X_OK)
    return [permissions(data, facts), await fileSystem(config), await room(config)]
  } catch (error) {
    if (whyOf(error) === 'ENOENT')
      return [
        warning(
          'data',
          `${data} is not there yet`,
          '`lamina serve` makes it; or set LAMINA_DATA to the one that is meant.',
        ),
      ]
    return [
      bad(
        'data',
        `${data} cannot be used by this user: ${whyOf(error)}`,
        'Make it this user’s (`chown`), run this as the user that the server runs as, or set LAMINA_DATA.',
      ),
    ]
  }
}

function permissions(data: string, { mode }: Stats): Finding {
  if ((mode & 0o022) !== 0)
    return bad(
      'data',
      `others than its owner may write to ${data}`,
      `\`chmod go-w ${data}\`: who can write there can change every image.`,
    )
  if ((mode & 0o055) !== 0)
    return warning(
      'data',
      `others than its owner may read ${data}`,
      `\`chmod 700 ${data}\`: it holds private images and password hashes.`,
    )
  return good('data', `${data} is this user’s alone`)
}

async function fileSystem({ data, metadata, blobs }: Data): Promise<Finding> {
  const { type } = await statfs(data)
  const holdsAnything = metadata === 'level' || blobs.kind === 'filesystem'
  const forgetful = FORGETFUL[type]
  if (forgetful !== undefined && holdsAnything)
    return bad('file-system', `${data} is on ${forgetful}`, 'Set LAMINA_DATA to a directory on a disk.')
  const shared = SHARED[type]
  if (shared !== undefined && metadata === 'level')
    return warning(
      'file-system',
      `${data} is on ${shared}`,
      'The database needs a disk of its own machine: its locks and syncs are not sure to hold there. Use PostgreSQL and S3 for storage that several machines share.',
    )
  return good('file-system', 'what is written there stays')
}

async function room({ data, minFree }: Data): Promise<Finding> {
  const { bavail, bsize } = await statfs(data)
  const free = bavail * bsize
  const shown = `${mebibytes(free)} MiB free`
  if (free < minFree)
    return bad(
      'disk',
      `${shown}; pushes are refused below ${mebibytes(minFree)} MiB`,
      'Free space or enlarge the disk; `lamina gc --dry-run` says what will go. LAMINA_MIN_FREE is the limit.',
    )
  if (free < NEARLY * minFree)
    return warning(
      'disk',
      `${shown}; pushes are refused below ${mebibytes(minFree)} MiB`,
      'Enlarge the disk before it is full, or set retention rules (`lamina project set-policy`).',
    )
  return good('disk', shown)
}

function mebibytes(bytes: number): number {
  return Math.floor(bytes / 2 ** 20)
}
