import { useState } from 'preact/hooks'
import { call } from '../../api/client.ts'
import type { ImageView as Image, MergedEntry } from '../../api/schema.generated.ts'
import { useAnswer } from '../../api/use-answer.ts'
import { here, href } from '../../location.ts'
import { Answered } from '../../parts/states.tsx'
import { Foreign } from '../../parts/values.tsx'
import { BesideTree } from './beside-tree.tsx'
import { isAt } from './entry-list.tsx'
import { rowOfMerged } from './entry-row.ts'
import { FileCard } from './file-card.tsx'
import { Fact } from './file-facts.tsx'
import { FileHead, openDirectory, shownDirectory } from './file-head.tsx'
import { type FilePath, parentOf, pathQuery } from './file-path.ts'
import type { FileSource } from './file-source.ts'
import { FileVersions, readVersions } from './file-versions.tsx'
import { findFile } from './find-file.ts'
import { ImageDirectory } from './image-directory.tsx'
import { LinkTarget } from './link-target.tsx'

/** A file of an image, with its history through the steps. */
export function FileOfImage({ path }: { readonly path: FilePath }) {
  const { query } = here.value
  const ref = query.get('ref') ?? ''
  const platform = query.get('platform') ?? undefined
  const asked = useAnswer(`image ${ref} ${platform ?? ''}`, (signal) =>
    call('getImage', { query: { ref, platform } }, signal),
  )
  return (
    <Answered asked={asked} what={`Reading ${ref}`} title={ref}>
      {(image) => <Shown image={image} asked={ref} path={path} />}
    </Answered>
  )
}

function Shown({
  image,
  asked,
  path,
}: {
  readonly image: Image
  readonly asked: string
  readonly path: FilePath
}) {
  const { query } = here.value
  const upto = layerNumber(query.get('upto'), image)
  const platform = query.get('platform') ?? undefined
  const versions = useAnswer(`versions ${image.ref} ${JSON.stringify(path)}`, (signal) =>
    readVersions((top) => findFile(image, path, top, signal)).then((found) => ({ found, at: path })),
  )
  const [arrivals, setArrivals] = useState(0)
  const indexed = () => {
    versions.again()
    setArrivals((number) => number + 1)
  }
  return (
    <>
      <FileHead path={path} dirHref={(at) => href('image', { ref: asked, platform, ...pathQuery(at) })}>
        <a href={href('image', { ref: asked, platform })}>{asked}</a>
      </FileHead>
      <BesideTree
        tree={
          <ImageDirectory
            image={image}
            upto={upto}
            path={shownDirectory(path)}
            isChosen={isAt(path)}
            open={openDirectory}
            indexed={indexed}
          />
        }
      >
        <Answered asked={versions} what="Finding the file">
          {({ found, at }) => (
            <Version image={image} path={at} versions={found} upto={upto} arrivals={arrivals} />
          )}
        </Answered>
      </BesideTree>
    </>
  )
}

/** The version that the layers up to one of them leave, or what became of the file. */
function Version({
  image,
  path,
  versions,
  upto,
  arrivals,
}: {
  readonly image: Image
  readonly path: FilePath
  readonly versions: readonly MergedEntry[]
  readonly upto: number | undefined
  /** How often layers came that were waited for. */
  readonly arrivals: number
}) {
  const entry = versions.find(({ layer }) => upto === undefined || layer <= upto)
  if (entry === undefined)
    return <p class="notice">There is no such file in the image, as far as it is shown.</p>
  const layer = image.steps.find((step) => step.layer?.index === entry.layer)?.layer
  const removed = versions.find(({ state }) => state === 'removed')
  const { step } = rowOfMerged(parentOf(path), entry)
  return (
    <>
      {removed !== undefined && removed.beforeLayer !== undefined && (
        <p class="notice notice-warn" role="status">
          <span>
            Gone in {stepText(image, removed.layer)}, but {stepText(image, removed.beforeLayer)} still ships
            it: everyone who pulls the image gets it.
          </span>
        </p>
      )}
      <FileVersions path={path} versions={versions} layer={entry.layer} />
      {entry.state === 'removed' || layer === undefined || layer === null ? (
        <p class="dim">It is not there any more. Choose an earlier version to see it.</p>
      ) : (
        <FileCard
          source={sourceOf(image, layer.digest, path, entry)}
          entry={entry}
          target={<LinkTarget key={arrivals} image={image} path={path} entry={entry} upto={upto} />}
        >
          {step !== undefined && (
            <Fact name={`step ${step}`}>
              <a href={href('image', { ref: image.ref, step })}>
                <code>
                  <Foreign text={image.steps[step - 1]?.instruction ?? ''} />
                </code>
              </a>
            </Fact>
          )}
        </FileCard>
      )}
    </>
  )
}

/** A file's bytes are asked for by layer, so that images that share it share the answer; a hard link may lead below it. */
function sourceOf({ ref }: Image, layer: string, path: FilePath, entry: MergedEntry): FileSource {
  return entry.type === 'hardlink' ? { ref, upto: entry.layer, path } : { layer, path }
}

function stepText({ steps }: Image, layer: number): string {
  const at = steps.findIndex((step) => step.layer?.index === layer)
  return at < 0 ? `layer ${layer + 1}` : `step ${at + 1}`
}

/** Layers count from 1 where people read them. */
function layerNumber(text: string | null, { totals }: Image): number | undefined {
  const number = /^\d{1,6}$/.test(text ?? '') ? Number(text) : 0
  return number >= 1 && number < totals.layers ? number - 1 : undefined
}
