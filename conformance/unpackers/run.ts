import { mkdir } from 'node:fs/promises'
import path from 'node:path'
import { expect, messageOf, Report } from '../report.ts'
import { Lamina } from '../servers/lamina.ts'
import { RegistryClient } from '../servers/registry-client.ts'
import { scratchFolder } from '../servers/workspace.ts'
import { alone, inPairs, type MadeImage, oneLayer, single } from './images.ts'
import { KNOWN, REFUSED } from './known.ts'
import { treeOnDisk } from './on-disk.ts'
import { OurTree } from './ours.ts'
import { podman, tar, type Unpacker, umoci } from './programs.ts'
import { differences, type Tree } from './tree.ts'

// `npm run test:unpackers [-- WORD…]`: our merged trees beside what real programs unpack from the same registry.
const PATIENCE_MS = 120_000
const REPOSITORY = 'oddities/images'

const report = new Report('unpackers', process.argv.slice(2))
const scratch = await scratchFolder('up')
const lamina = await Lamina.start({ name: 'unpackers', data: path.join(scratch.path, 'data') })
const client = new RegistryClient(lamina.url)

const IMAGES: readonly { readonly made: MadeImage; readonly by: readonly Unpacker[] }[] = [
  { made: oneLayer('tar'), by: [tar] },
  ...[umoci, podman].map((one) => ({ made: alone(one.name), by: [one] })),
  { made: inPairs(['umoci', 'podman']), by: [umoci, podman] },
]

/** Pushes an image and waits for its indexes; its tree as we show it. */
async function ourTree({ tag, image }: MadeImage): Promise<Tree> {
  await client.pushImage(REPOSITORY, image, tag)
  const end = Date.now() + PATIENCE_MS
  for (const { digest } of image.layers)
    for (;;) {
      const { body } = await client.request('GET', `/api/v1/layer/${digest}/index`)
      if (body.includes('"state":"done"')) break
      expect(/"state":"(none|queued|running)"/.test(body.toString()), body.toString().slice(0, 300))
      expect(Date.now() < end, `${digest} is not indexed in time`)
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  const layers = image.layers.map(({ digest }) => digest)
  return new OurTree(client, `${REPOSITORY}:${tag}`, layers).read()
}

let unpacked = 0

async function theirTree(unpacker: Unpacker, { tag, archives }: MadeImage): Promise<Tree> {
  unpacked += 1
  // podman's run root may have no more than 50 characters.
  const folder = path.join(scratch.path, String(unpacked))
  await mkdir(folder)
  let tree: Tree = new Map()
  const reference = `127.0.0.1:${lamina.port}/${REPOSITORY}:${tag}`
  await unpacker.unpack({ reference, archives }, folder, async (root) => {
    tree = await treeOnDisk(root)
  })
  return tree
}

/** Compares, and fails at what nobody has named; also when a named difference is none any more. */
async function compare(made: MadeImage, ours: Tree, unpacker: Unpacker): Promise<string> {
  const found = differences(ours, await theirTree(unpacker, made))
  const known = KNOWN.filter(({ by }) => by.includes(unpacker.name))
  const isKnown = (line: string) => known.some(({ where }) => where.test(line))
  const unknown = found.filter((line) => !isKnown(line))
  expect(unknown.length === 0, `${unknown.length} differ: ${unknown.slice(0, 8).join(' | ')}`)
  const named = found.length - unknown.length
  return `${ours.size} paths the same${named === 0 ? '' : ` but for ${named} that are named`}`
}

/** What a program refuses we still show; when it refuses no longer, it belongs to the others. */
async function refused(unpacker: Unpacker, item: string, saying: RegExp): Promise<string> {
  const made = single(item)
  const ours = await ourTree(made)
  const said = await theirTree(unpacker, made).then(() => 'it was unpacked', messageOf)
  expect(saying.test(said), said)
  return `we show ${ours.size} paths`
}

try {
  for (const { made, by } of IMAGES) {
    let ours: Tree | undefined
    for (const unpacker of by) {
      await report.scenario(`${made.name}: as ${unpacker.name} unpacks it`, async () => {
        ours ??= await ourTree(made)
        return compare(made, ours, unpacker)
      })
    }
  }
  for (const unpacker of [tar, umoci, podman])
    for (const { by, item, saying } of REFUSED)
      if (by === unpacker.name)
        await report.scenario(`${item}: ${by} refuses it`, () => refused(unpacker, item, saying))
} finally {
  client.close()
  await lamina.stop()
  await scratch.remove()
}
report.finish()
