import { createReadStream } from 'node:fs'
import { stat, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { z } from 'zod'
import { expect } from '../report.ts'
import type { World } from './world.ts'

/** What the answer to an import says of each piece of content. */
const imported = z.object({
  images: z.array(z.object({ digest: z.string() })),
  content: z.array(z.object({ digest: z.string(), state: z.enum(['stored', 'present', 'mounted']) })),
})

/** Sends an archive as it lies on the disk; `reference` is project/name:tag. Fails unless it was taken. */
export async function importArchive(
  world: World,
  file: string,
  reference: string,
): Promise<z.infer<typeof imported>> {
  const answer = await world.registry.request('POST', `/api/v1/import?ref=${reference}`, {
    body: createReadStream(file),
    headers: { 'content-type': 'application/x-tar', 'content-length': String((await stat(file)).size) },
  })
  expect(answer.status === 201, `import answered ${answer.status}: ${answer.body.toString().slice(0, 500)}`)
  return imported.parse(JSON.parse(answer.body.toString()))
}

/** Fetches an image as an archive; the name of the file. */
export async function exportArchive(
  world: World,
  reference: string,
  format: 'oci' | 'docker',
): Promise<string> {
  const answer = await world.registry.request('GET', `/api/v1/export?ref=${reference}&format=${format}`)
  expect(answer.status === 200, `export answered ${answer.status}: ${answer.body.toString().slice(0, 500)}`)
  const file = path.join(world.folder, `exported-${format}.tar`)
  await writeFile(file, answer.body)
  return file
}
