import { call } from '../../api/client.ts'
import type { ImageView as Image } from '../../api/schema.generated.ts'
import { useAnswer } from '../../api/use-answer.ts'
import { here, setQuery } from '../../location.ts'
import { ClassLegend } from '../../parts/class-glyph.tsx'
import { Fold } from '../../parts/fold.tsx'
import { Answered } from '../../parts/states.tsx'
import { useTitle } from '../../parts/use-title.ts'
import { ArtifactPart } from './artifact-part.tsx'
import { ConfigPart } from './config-part.tsx'
import { ContentPart } from './content-part.tsx'
import { FilesPart } from './files-part.tsx'
import { HintsNote, WasteNote } from './fold-notes.tsx'
import { HintsPart } from './hints-part.tsx'
import { ImageHead } from './image-head.tsx'
import { LineagePart } from './lineage-part.tsx'
import { PackagesPart } from './packages-part.tsx'
import { PlatformsPart } from './platforms-part.tsx'
import { RawPart } from './raw-part.tsx'
import { ReferrersPart } from './referrers-part.tsx'
import { readSelection, type Selection, selectionText } from './selection.ts'
import { StepDetails } from './step-details.tsx'
import { StepList } from './step-list.tsx'
import { WastePart } from './waste-part.tsx'
import './image.css'

/** What is in an image: the steps that built it, and what each of them did. */
export function ImageView() {
  const { query } = here.value
  const ref = query.get('ref') ?? ''
  const platform = query.get('platform') ?? undefined
  useTitle(ref)
  const asked = useAnswer(`image ${ref} ${platform ?? ''}`, (signal) =>
    call('getImage', { query: { ref, platform } }, signal),
  )
  return (
    <Answered asked={asked} what={`Reading ${ref}`} title={ref}>
      {(image) => <Shown image={image} asked={ref} again={asked.again} />}
    </Answered>
  )
}

function Shown({
  image,
  asked,
  again,
}: {
  readonly image: Image
  readonly asked: string
  readonly again: () => void
}) {
  const { query } = here.value
  const selection = readSelection(query.get('step'), image.steps.length) ?? selectedByLayer(image)
  const select = (next: Selection | undefined) =>
    setQuery({ step: selectionText(next), layer: undefined }, { replace: true })
  return (
    <>
      <ImageHead image={image} asked={asked} />
      {image.warnings.map((warning) => (
        <p key={warning} class="notice notice-warn">
          {warning}
        </p>
      ))}
      <div class="panes">
        <section aria-label="Steps">
          <h2>{image.artifactType === null ? 'Steps' : 'Contents'}</h2>
          {image.steps.length === 0 ? (
            <p class="dim">This is no image of layers: see what it says of itself below.</p>
          ) : (
            <StepList steps={image.steps} selection={selection} select={select} />
          )}
          {image.artifactType === null && <ClassLegend />}
        </section>
        <section aria-label="What the steps did">
          {image.artifactType !== null && <ArtifactPart image={image} />}
          <StepDetails image={image} selection={selection} />
          {image.steps.length > 0 &&
            (holdsNoFiles(image) ? (
              <ContentPart image={image} selection={selection} />
            ) : (
              <FilesPart image={image} selection={selection} indexed={again} />
            ))}
        </section>
      </div>
      <Folds image={image} asked={asked} />
    </>
  )
}

/** What else there is to know; each part is asked for when it is opened. */
function Folds({ image, asked }: { readonly image: Image; readonly asked: string }) {
  const { config, index, steps, artifactType } = image
  const isImage = steps.length > 0 && artifactType === null
  return (
    <div class="folds">
      {config !== null && artifactType === null && (
        <Fold name="config" title="Configuration">
          {() => <ConfigPart config={config} />}
        </Fold>
      )}
      {isImage && (
        <Fold name="waste" title="Waste" note={<WasteNote image={image} />}>
          {() => <WastePart image={image} />}
        </Fold>
      )}
      {isImage && (
        <Fold name="hints" title="Hints" note={<HintsNote image={image} />}>
          {() => <HintsPart image={image} />}
        </Fold>
      )}
      {isImage && (
        <Fold name="packages" title="Packages">
          {() => <PackagesPart image={image} />}
        </Fold>
      )}
      {isImage && (
        <Fold name="lineage" title="Base and derived images">
          {() => <LineagePart image={image} asked={asked} />}
        </Fold>
      )}
      <Fold name="referrers" title="Signatures and attestations">
        {() => <ReferrersPart image={image} />}
      </Fold>
      {index !== null && (
        <Fold name="platforms" title="Platforms">
          {() => <PlatformsPart repository={image.repository} digest={index.digest} />}
        </Fold>
      )}
      <Fold name="raw" title="Raw manifest">
        {() => <RawPart pinned={image.ref} />}
      </Fold>
      {index !== null && (
        <Fold name="raw-index" title="Raw index">
          {() => <RawPart pinned={`${image.repository}@${index.digest}`} />}
        </Fold>
      )}
    </div>
  )
}

/** Types that promise an archive of files. */
const ARCHIVE = /\btar\b|image\.(?:layer|rootfs)\b/

/** Whether none of its layers is an archive, by its type or by what a look into it found. */
function holdsNoFiles({ steps }: Image): boolean {
  const layers = steps.flatMap(({ layer }) => (layer === null ? [] : [layer]))
  return (
    layers.length > 0 &&
    layers.every(
      ({ state, mediaType }) => state === 'unsupported' || (state !== 'done' && !ARCHIVE.test(mediaType)),
    )
  )
}

/** The grid speaks of layers, from 1 at the base. */
function selectedByLayer({ steps }: Image): Selection | undefined {
  const wanted = Number(here.value.query.get('layer') ?? '0') - 1
  const at = steps.findIndex(({ layer }) => layer?.index === wanted)
  return at < 0 ? undefined : { from: at + 1, to: at + 1 }
}
