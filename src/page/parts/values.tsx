import { agoText } from '../format.ts'

/** A date as the time since then, exact on hover. */
export function Ago({ date }: { readonly date: string }) {
  const at = new Date(date)
  return (
    <time class="number" dateTime={date} title={`${at.toLocaleString()} (${date})`}>
      {agoText(at.getTime(), Date.now())}
    </time>
  )
}
