import { randomUUID } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { rename, rm, stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { argument, type Command, type Input, type Output, optionValue } from './command.ts'
import { counted } from './counted.ts'
import { CommandError, UsageError } from './failures.ts'
import { bytes } from './table.ts'

export const commands: readonly Command[] = [
  {
    words: 'export',
    arguments: ['IMAGE'],
    summary: 'Write an image as one file, for docker load, podman load, skopeo, or lamina import elsewhere.',
    details: `An image is named project/name:tag or project/name@sha256:…, without a host. As oci, an index leaves with all its images,
or with the one of --platform; as docker, one image leaves, of linux/amd64 unless --platform says otherwise. The same image
always gives the same file. The file appears under its name when it is whole.`,
    options: {
      output: { value: 'FILE', doc: 'Where to write it; - is standard output.', required: true },
      format: { value: 'oci|docker', doc: 'An OCI layout (the default), or what every docker load reads.' },
      platform: { value: 'OS/ARCH', doc: 'One image of an index, such as linux/arm64.' },
    },
    run,
  },
]

async function run(input: Input): Promise<Output> {
  const image = argument(input, 0)
  const output = optionValue(input, 'output') ?? ''
  const toStdout = output === '-'
  if (toStdout && input.switches.has('json'))
    throw new UsageError('--output - writes the archive to standard output, where --json would write too.')
  const file = toStdout ? undefined : resolve(input.context.directory, output)
  if (file !== undefined && (await stat(file).catch(() => undefined))?.isDirectory() === true)
    throw new UsageError(`${output} is a directory; name the file that is to be made in it.`)
  const query = new URLSearchParams({ ref: image })
  for (const name of ['format', 'platform']) {
    const value = optionValue(input, name)
    if (value !== undefined) query.set(name, value)
  }
  const api = await input.context.api()
  const answer = await api.stream('GET', `/api/v1/export?${query.toString()}`)
  const size = Number(answer.headers['content-length'])
  const archive = counted(answer, input.context, { verb: 'receiving', total: size })
  await save(archive, file)
  const digest = String(answer.headers['docker-content-digest'])
  if (toStdout) return { value: undefined, text: '' }
  return {
    value: { image, digest, file: output, size },
    text: `${output}: ${bytes(size)}, ${image}, ${digest}`,
  }
}

/** What is not whole never stands under the name that was asked for. A device or a pipe is written to, not replaced. */
async function save(archive: AsyncIterable<Uint8Array>, file: string | undefined): Promise<void> {
  // Of this export alone: another one to the same file goes on beside it.
  const partial = `${file ?? ''}.${randomUUID().slice(0, 8)}.partial`
  try {
    if (file === undefined) await pipeline(archive, process.stdout, { end: false })
    else if (await isSpecial(file)) await pipeline(archive, createWriteStream(file))
    else {
      await pipeline(archive, createWriteStream(partial, { flags: 'wx' }))
      await rename(partial, file)
    }
  } catch (cause) {
    if (file !== undefined) await rm(partial, { force: true })
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new CommandError(`The archive is not whole: ${why}. Nothing was left of it.`, { cause })
  }
}

/** /dev/null, a named pipe. */
async function isSpecial(file: string): Promise<boolean> {
  const found = await stat(file).catch(() => undefined)
  return found !== undefined && !found.isFile() && !found.isDirectory()
}
