import { badgeCodes } from './badge-codes.ts'
import { Commands } from './states.tsx'

/** What to write for a badge, language by language. Addresses are as seen from this page. */
export function BadgeCodeList({
  picture,
  page,
  text,
}: {
  readonly picture: string
  readonly page: string
  readonly text: string
}) {
  const whole = (address: string) => new URL(address, location.href).href
  const codes = badgeCodes({ picture: whole(picture), page: whole(page), text })
  return codes.map(([language, code]) => (
    <section key={language} class="badge-code">
      <h3>{language}</h3>
      <Commands lines={[code]} />
    </section>
  ))
}
