import type { ImageView as Image } from '../../api/schema.generated.ts'
import { countText, plural, visibleText } from '../../format.ts'
import { here, href, setQuery } from '../../location.ts'
import { BadgeButton } from '../../parts/badge-button.tsx'
import { CopyButton } from '../../parts/copy-button.tsx'
import { Ago, Digest, Size } from '../../parts/values.tsx'
import { pullCommand } from '../../pull-command.ts'
import { areComing } from '../files/index-states.ts'
import { BuiltOn } from './built-on.tsx'
import { ExportButton } from './export-button.tsx'

/** Name, platform, digest and totals of an image, and where to go with it. */
export function ImageHead({ image, asked }: { readonly image: Image; readonly asked: string }) {
  const { repository, tag, digest, totals } = image
  const shared = image.steps.filter(({ layer }) => (layer?.users?.count ?? 0) > 1).length
  const pinned = asked.includes('@')
  const platform = here.value.query.get('platform') ?? undefined
  const pull = pullCommand({ ref: asked, artifactType: image.artifactType, platform })
  return (
    <>
      <div class="heading">
        <h1>
          <a href={href('repository', { name: repository })}>{repository}</a>
          {tag !== null && <> : {tag}</>}
        </h1>
        <PlatformSelect image={image} />
        <Digest digest={digest} />
        {image.artifactType !== null && (
          <span class="pill">{visibleText(image.artifactType.slice(0, 100))}</span>
        )}
        {pinned ? (
          <span class="pill" title="This address leads to these bytes, whatever becomes of the tag">
            pinned
          </span>
        ) : (
          <a href={href('image', { ref: image.ref })} title="An address that leads to these bytes for ever">
            pin
          </a>
        )}
        {image.created !== null && (
          <span class="dim">
            built <Ago date={image.created} />
          </span>
        )}
      </div>
      <div class="heading">
        <p>
          <Size bytes={totals.size} /> compressed ·{' '}
          {totals.unpacked === null ? (
            <span class="dim" title="Known when every layer is indexed">
              unpacked not known{areComing(image) && ' yet'}
            </span>
          ) : (
            <>
              <Size bytes={totals.unpacked} /> unpacked
            </>
          )}{' '}
          · {plural(totals.layers, 'layer')} · {countText(shared)} shared
          {totals.externalSize > 0 && (
            <>
              {' '}
              · <Size bytes={totals.externalSize} /> kept elsewhere
            </>
          )}
          <BuiltOn image={image} />
        </p>
        <span class="actions">
          <span class="pill">
            {pull.split(' ', 2).join(' ')} <CopyButton text={pull} what="pull command" />
          </span>
          <a href={href('grid', { i: asked })}>Grid</a>
          <a href={href('compare', { b: asked })}>Compare</a>
          <a href={href('pull', { want: asked })}>Pull cost</a>
          <ExportButton image={image} asked={asked} />
          <BadgeButton image={asked} />
        </span>
      </div>
    </>
  )
}

function PlatformSelect({ image }: { readonly image: Image }) {
  if (image.index === null) return image.platform === null ? null : <span class="dim">{image.platform}</span>
  return (
    <select
      aria-label="Platform"
      value={image.platform ?? ''}
      onChange={(event) => setQuery({ platform: event.currentTarget.value, step: undefined })}
    >
      {image.index.platforms.map(({ platform, digest }) => (
        <option key={digest} value={platform} selected={platform === image.platform}>
          {platform}
        </option>
      ))}
    </select>
  )
}
