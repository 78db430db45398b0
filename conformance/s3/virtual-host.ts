import { chmod, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { S3Proxy } from '../cluster/s3-proxy.ts'
import type { Blob } from '../fixtures/image.ts'
import { expect, type Report } from '../report.ts'
import { Lamina } from '../servers/lamina.ts'
import { must } from '../servers/processes.ts'
import { RegistryClient } from '../servers/registry-client.ts'
import type { S3 } from '../servers/s3.ts'
import { projectRoot, scratchFolder } from '../servers/workspace.ts'
import { BUCKET, blobPath, makeBlob, push, type World } from './world.ts'

/** What the gateway is called; buckets are names below it. No resolver knows it. */
export const S3_NAME = 's3.lamina.test'
const BUCKET_NAME = `${BUCKET}.${S3_NAME}`
const MiB = 2 ** 20
const PREFIX = 'names'

/** Buckets in the name of the host, as Amazon has them. */
export async function virtualHostScenarios(report: Report, s3: S3): Promise<void> {
  await report.scenario('s3 virtual host: the bucket in the name of the host', async () => {
    const scratch = await scratchFolder('s3-names')
    const proxy = await S3Proxy.start(s3.url)
    const endpoint = `http://${S3_NAME}:${new URL(proxy.url).port}`
    try {
      const lamina = await Lamina.start({
        name: 'lamina-s3-names',
        data: path.join(scratch.path, 'data'),
        env: {
          ...s3.environment(`${BUCKET}/${PREFIX}`, endpoint),
          LAMINA_S3_PATH_STYLE: 'false',
          LAMINA_S3_REDIRECT: 'true',
        },
        program: await withNames(scratch.path, [S3_NAME, BUCKET_NAME]),
      })
      const client = new RegistryClient(lamina.url)
      try {
        return await useNames({ s3, proxy, lamina, client, prefix: PREFIX })
      } finally {
        client.close()
        await lamina.stop()
      }
    } finally {
      await proxy.stop()
      await scratch.remove()
    }
  })
}

async function useNames(world: World): Promise<string> {
  for (const blob of [makeBlob('names-small', 1000), makeBlob('names-large', 20 * MiB)]) {
    await push(world, blob)
    await readHere(world, blob)
    await readThere(world, blob)
  }
  const calls = world.proxy.take()
  for (const { method, path: at, headers } of calls) {
    expect(headers.host?.startsWith(`${BUCKET_NAME}:`) === true, `${method} went to ${headers.host}`)
    expect(!at.startsWith(`/${BUCKET}`), `${method} ${at} names the bucket again`)
  }
  return `${calls.length} calls to ${BUCKET_NAME}`
}

/** Through the registry, which passes several ranges on by itself whatever its settings. */
async function readHere({ client }: World, blob: Blob): Promise<void> {
  const headers = { range: 'bytes=0-9,500-599' }
  const { status, body } = await client.request('GET', blobPath(blob), { headers })
  expect(status === 206, `two ranges answered ${status}`)
  for (const [from, to] of [
    [0, 10],
    [500, 600],
  ])
    expect(body.includes(blob.bytes.subarray(from, to)), `the range from ${from} has other bytes`)
}

/** Past the registry, as clients that are sent to the S3. */
async function readThere({ client }: World, blob: Blob): Promise<void> {
  const { status, headers } = await client.request('GET', blobPath(blob))
  expect(status === 307, `GET answered ${status}`)
  const to = new URL(headers.location ?? '')
  expect(to.hostname === BUCKET_NAME, `clients are sent to ${to.hostname}`)
  const read = 'curl -sf --resolve "$0" "$1" | sha256sum'
  const shown = await must('sh', ['-c', read, `${to.host}:127.0.0.1`, to.href])
  expect(`sha256:${shown.split(' ', 1)[0]}` === blob.digest, 'the S3 gives other bytes')
}

/** A `lamina` for which these names lead to this machine: in a view of the file system of its own, and nobody else's. */
async function withNames(folder: string, names: readonly string[]): Promise<string> {
  const [hosts, program] = [path.join(folder, 'hosts'), path.join(folder, 'lamina')]
  await writeFile(hosts, `127.0.0.1 localhost ${names.join(' ')}\n`)
  const lamina = path.join(projectRoot, 'bin/lamina')
  const mounted = `mount --bind ${hosts} /etc/hosts && exec ${lamina} "$@"`
  await writeFile(program, `#!/bin/sh\nexec unshare --mount sh -c '${mounted}' lamina "$@"\n`)
  await chmod(program, 0o755)
  return program
}
