import { agoText, countText, shortDigest, sizeText, visibleText } from '../format.ts'
import { CopyButton } from './copy-button.tsx'

/** Bytes: rounded to read, exact to the byte on hover and for who copies the title. */
export function Size({ bytes }: { readonly bytes: number }) {
  return (
    <data class="number" value={bytes} title={`${countText(bytes)} bytes`}>
      {sizeText(bytes)}
    </data>
  )
}

/** A number of things. */
export function Count({ count, more = false }: { readonly count: number; readonly more?: boolean }) {
  return (
    <data class="number" value={count}>
      {countText(count)}
      {more && '+'}
    </data>
  )
}

/** A date as the time since then, exact on hover. */
export function Ago({ date }: { readonly date: string }) {
  const at = new Date(date)
  return (
    <time class="number" dateTime={date} title={`${at.toLocaleString()} (${date})`}>
      {agoText(at.getTime(), Date.now())}
    </time>
  )
}

export function AgoOrNever({ date }: { readonly date: string | undefined }) {
  return date === undefined ? <>never</> : <Ago date={date} />
}

/** Twelve characters of a digest, and a button that copies all of it. */
export function Digest({ digest }: { readonly digest: string }) {
  return (
    <span class="digest">
      <code title={digest}>{shortDigest(digest)}</code>
      <CopyButton text={digest} what="digest" />
    </span>
  )
}

/** Text from an image: characters that would deceive the eye are written out. */
export function Foreign({ text }: { readonly text: string }) {
  return <bdi>{visibleText(text)}</bdi>
}
