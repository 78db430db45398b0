import { createHash } from 'node:crypto'
import { randomBytes } from '../fixtures/random.ts'
import { expect } from '../report.ts'
import type { Dockerd } from '../servers/dockerd.ts'

/** More than all sockets between a replica and its client hold. */
const BYTES = 100_000_000
/** Two for each replica. */
const READERS = 4
/** What net.ipv4.tcp_keepalive_* of the file come to, and time for a busy machine. */
const NOTICED = 90_000

interface Vanishing {
  readonly engine: Dockerd
  /** Where clients reach nginx. */
  readonly host: string
  readonly password: string
  readonly network: string
  /** The container of one replica, its address and the name that others know it by. */
  readonly replica: { readonly container: string; readonly address: string; readonly name: string }
}

/**
 * A replica whose machine is gone closes no connection. What clients were reading from it ends as cut within seconds, so
 * that they come again, and does not stand still for as long as nginx lets a slow push be silent.
 */
export async function replicaVanishes(vanishing: Vanishing): Promise<string> {
  const { engine, network, replica } = vanishing
  const blob = await pushBlob(vanishing)
  const answers = await Promise.all(Array.from({ length: READERS }, () => get(vanishing, blob)))
  await engine.run(['network', 'disconnect', '--force', network, replica.container])
  try {
    const ends = await Promise.all(answers.map(endOf))
    const count = (end: string): number => ends.filter((one) => one === end).length
    const said = `${count('cut')} of ${READERS} downloads were cut, ${count('whole')} went on`
    expect(count('cut') > 0 && count('whole') > 0 && count('cut') + count('whole') === READERS, said)
    return said
  } finally {
    const where = ['--ip', replica.address, '--alias', replica.name]
    await engine.run(['network', 'connect', ...where, network, replica.container])
  }
}

async function pushBlob(vanishing: Vanishing): Promise<string> {
  const bytes = randomBytes('vanishing', BYTES)
  const digest = `sha256:${createHash('sha256').update(bytes).digest('hex')}`
  const at = new URL(`http://${vanishing.host}/v2/demo/vanishing/blobs/uploads/?digest=${digest}`)
  const headers = { ...authorization(vanishing), 'content-type': 'application/octet-stream' }
  const { status } = await fetch(at, { method: 'POST', headers, body: bytes })
  expect(status === 201, `the push of a blob was answered ${status}`)
  return digest
}

async function get(vanishing: Vanishing, digest: string): Promise<Response> {
  const answer = await fetch(`http://${vanishing.host}/v2/demo/vanishing/blobs/${digest}`, {
    headers: authorization(vanishing),
  })
  expect(answer.status === 200, `a download began with ${answer.status}`)
  return answer
}

function authorization({ password }: Vanishing): { authorization: string } {
  return { authorization: `Basic ${Buffer.from(`admin:${password}`).toString('base64')}` }
}

/** How a download ends that nobody has read yet. */
async function endOf(answer: Response): Promise<'whole' | 'cut' | 'hangs'> {
  let timer: NodeJS.Timeout | undefined
  const hangs = new Promise<'hangs'>((resolve) => {
    timer = setTimeout(() => resolve('hangs'), NOTICED)
  })
  const read = answer.arrayBuffer().then(
    ({ byteLength }) => (byteLength === BYTES ? 'whole' : 'cut'),
    () => 'cut' as const,
  )
  try {
    return await Promise.race([read, hangs])
  } finally {
    clearTimeout(timer)
  }
}
