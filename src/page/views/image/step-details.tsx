import type { ImageView as Image } from '../../api/schema.generated.ts'
import { countText, plural, visibleText } from '../../format.ts'
import { href } from '../../location.ts'
import { FirstRows } from '../../parts/first-rows.tsx'
import { Ago, Digest, Size } from '../../parts/values.tsx'
import { stateText } from '../files/index-states.ts'
import type { Selection } from './selection.ts'

/** What the chosen steps are: instruction, layer, sizes, who else has it. */
export function StepDetails({
  image,
  selection,
}: {
  readonly image: Image
  readonly selection: Selection | undefined
}) {
  if (selection === undefined)
    return (
      <>
        <h2>{image.artifactType === null ? 'What a step did' : 'What a part is'}</h2>
        <p class="dim">
          Choose{' '}
          {image.artifactType === null
            ? 'a step to see its instruction and layer'
            : 'a part to see what it is'}
          {image.steps.length > 1 && (
            <>
              ; with <kbd>shift</kbd> a span of them
            </>
          )}
          .
        </p>
      </>
    )
  const steps = image.steps.slice(selection.from - 1, selection.to)
  const layers = steps.flatMap(({ layer }) => (layer === null ? [] : [layer]))
  const size = layers.reduce((sum, layer) => sum + layer.size, 0)
  return (
    <>
      <h2>
        {image.artifactType === null ? 'Step' : 'Part'}
        {steps.length === 1 ? ` ${selection.from}` : `s ${selection.from} to ${selection.to}`}{' '}
        {layers.length > 0 && (
          <span class="dim">
            <Size bytes={size} /> compressed in {plural(layers.length, 'layer')}
          </span>
        )}
      </h2>
      <FirstRows key={selection.from} rows={steps} what="steps" first={DETAILED}>
        {(some) => some.map((step) => <Detail key={step.step} step={step} />)}
      </FirstRows>
    </>
  )
}

/** Of so many chosen steps all is told at once. */
const DETAILED = 30

function Detail({ step }: { readonly step: Image['steps'][number] }) {
  return (
    <div class="step-detail">
      <pre tabIndex={0} aria-label={`Instruction of step ${step.step + 1}`}>
        {visibleText(step.instruction)}
      </pre>
      <dl class="pairs">
        {step.created !== null && (
          <div>
            <dt>built</dt>
            <dd>
              <Ago date={step.created} />
            </dd>
          </div>
        )}
        {step.comment !== null && step.comment !== '' && (
          <div>
            <dt>comment</dt>
            <dd>{visibleText(step.comment)}</dd>
          </div>
        )}
        {step.layer === null ? (
          <div>
            <dt>layer</dt>
            <dd>{noLayer(step)}</dd>
          </div>
        ) : (
          <LayerFacts layer={step.layer} />
        )}
      </dl>
    </div>
  )
}

/** Builders also say so of commands that changed no file, and of those whose files they joined into a later layer. */
function noLayer({ class: kind }: Image['steps'][number]): string {
  return kind === 'run' || kind === 'files'
    ? 'none of its own: it changed no file, or a later layer has what it did'
    : 'none: it changed only how a container starts'
}

type Layer = NonNullable<Image['steps'][number]['layer']>

function LayerFacts({ layer }: { readonly layer: Layer }) {
  return (
    <>
      <div>
        <dt>layer</dt>
        <dd>
          <Digest digest={layer.digest} /> {layer.external && <span class="pill">bytes are elsewhere</span>}
        </dd>
      </div>
      <div>
        <dt>type</dt>
        <dd>{visibleText(layer.mediaType)}</dd>
      </div>
      <div>
        <dt>size</dt>
        <dd>
          <Size bytes={layer.size} /> compressed
          {layer.unpacked !== null && (
            <>
              , <Size bytes={layer.unpacked} /> unpacked
            </>
          )}
          {layer.files !== null && <>, {countText(layer.files)} files</>};{' '}
          <Size bytes={layer.cumulativeSize} /> with all below
        </dd>
      </div>
      <div>
        <dt>files</dt>
        <dd>
          {layer.external ? (
            'kept elsewhere, so they are not known'
          ) : (
            <>
              the layer {stateText(layer.state)} ·{' '}
              <a href={href('layer', { digest: layer.digest })}>
                {layer.state === 'unsupported' ? 'what is in it' : 'its own files'}
              </a>
            </>
          )}
        </dd>
      </div>
      {layer.users !== undefined && layer.users !== null && (
        <div>
          <dt>used by</dt>
          <dd>
            <a href={href('layer', { digest: layer.digest })}>
              {plural(layer.users.count, 'image')}
              {layer.users.more && ' or more'}
            </a>{' '}
            that you may see
          </dd>
        </div>
      )}
    </>
  )
}
