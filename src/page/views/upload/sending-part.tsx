import { plural, sizeText } from '../../format.ts'
import { href } from '../../location.ts'
import { Digest } from '../../parts/values.tsx'
import { PieceList } from './piece-list.tsx'
import type { Sending } from './send-archive.ts'

/** How far an archive has come, and what it became. */
export function SendingPart({
  now,
  busy,
  target,
}: {
  readonly now: Sending
  readonly busy: boolean
  readonly target: string
}) {
  const { images, sent, total } = now
  return (
    <section aria-label="Progress" class="progress">
      <h2>{headline(now, busy)}</h2>
      <p class="sr" role="status">
        {stage(now, busy)}
      </p>
      {total !== undefined && images === undefined && (
        <progress max={total} value={Math.min(sent, total)} aria-label="Sent" />
      )}
      {images !== undefined && <Images images={images} repository={target.replace(/:[^/:]*$/, '')} />}
      {now.pieces !== undefined && <PieceList now={now} />}
      {now.pieces === undefined && total !== undefined && busy && (
        <p class="dim">
          The archive is compressed as a whole, so its layers are told when all of it is sent.
        </p>
      )}
    </section>
  )
}

/** What a reader of screens is told: not every byte. */
function stage({ images, total }: Sending, busy: boolean): string {
  if (images !== undefined) return 'The archive is here'
  if (!busy) return 'Stopped'
  return total === undefined ? 'Looking at what is here already' : 'Sending'
}

function headline({ images, sent, total, fates }: Sending, busy: boolean): string {
  const here = [...fates.values()].filter((fate) => fate !== 'stored').length
  const known = here === 0 ? '' : `, ${plural(here, 'piece')} already here`
  if (images !== undefined)
    return `${plural(images.length, 'image')} can be pulled: ${sizeText(total ?? 0)} sent${known}`
  if (total === undefined) return busy ? 'Looking at what is here already …' : 'Nothing was sent'
  if (!busy) return `Stopped after ${sizeText(Math.min(sent, total))} of ${sizeText(total)}`
  if (sent >= total) return `All ${sizeText(total)} sent; the registry finishes …`
  return `${sizeText(sent)} of ${sizeText(total)} sent${known}`
}

function Images({
  images,
  repository,
}: {
  readonly images: NonNullable<Sending['images']>
  readonly repository: string
}) {
  return (
    <ul class="uploaded">
      {images.map(({ digest, tags }) => (
        <li key={digest}>
          {tags.length === 0 && (
            <a href={href('image', { ref: `${repository}@${digest}` })}>{repository}, without a tag</a>
          )}
          {tags.map((tag) => (
            <a key={tag} href={href('image', { ref: `${repository}:${tag}` })}>
              {repository}:{tag}
            </a>
          ))}{' '}
          <Digest digest={digest} />
        </li>
      ))}
    </ul>
  )
}
