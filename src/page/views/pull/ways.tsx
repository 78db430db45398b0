import type { ComponentChildren } from 'preact'
import type { PullPlan } from '../../api/schema.generated.ts'
import { plural } from '../../format.ts'
import { Size } from '../../parts/values.tsx'

/** The same pull by different clients, all to one scale. */
export function Ways({
  plan,
  all,
  waits,
}: {
  readonly plan: PullPlan
  /** Compressed bytes of all layers. */
  readonly all: number
  /** Layers are being looked into. */
  readonly waits: boolean
}) {
  const { layer, chain, files, config } = plan
  const largest = Math.max(1, all, files?.bytes ?? 0)
  return (
    <dl class="ways">
      <Way name="the whole image" share={all / largest} kind="whole">
        <Size bytes={all} /> <span class="dim">compressed, in {plural(plan.layers.length, 'layer')}</span>
      </Way>
      {chain.bytes !== layer.bytes && (
        <Way name="docker’s classic image store" share={chain.bytes / largest} kind="moves">
          <Size bytes={chain.bytes} />{' '}
          <span class="dim">
            in {plural(chain.count, 'layer')}: it keeps a layer only upon the same layers below
          </span>
        </Way>
      )}
      <Way
        name={
          chain.bytes === layer.bytes ? 'docker, containerd, podman' : 'containerd, podman, docker since 29'
        }
        share={layer.bytes / largest}
        kind="moves"
      >
        <Size bytes={layer.bytes} />{' '}
        <span class="dim">
          in {plural(layer.count, 'layer')}
          {config > 0 && (
            <>
              , and <Size bytes={config} /> of configuration
            </>
          )}
        </span>
      </Way>
      <Way name="the least there could be" share={(files?.bytes ?? 0) / largest} kind="least">
        {files === null ? (
          <span class="dim">
            {waits
              ? 'Layers are being looked into; it appears by itself.'
              : 'Not known: not every layer of these images could be looked into.'}
          </span>
        ) : (
          <>
            <Size bytes={files.bytes} />{' '}
            <span class="dim">unpacked, in {plural(files.count, 'file')} whose content is not there yet</span>
          </>
        )}
      </Way>
    </dl>
  )
}

function Way({
  name,
  share,
  kind,
  children,
}: {
  readonly name: string
  readonly share: number
  readonly kind: string
  readonly children: ComponentChildren
}) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>
        <span class="way-track" aria-hidden="true">
          <span class={`way ${kind}`} style={{ width: `${share * 100}%` }} />
        </span>
        <span>{children}</span>
      </dd>
    </div>
  )
}
