/** What a badge says, as shields.io's endpoint has it. */
export interface Badge {
  readonly label: string
  readonly message: string
  readonly color: 'blue' | 'lightgrey'
}

/** Pixels of a character in Verdana at 11 pixels, and around a text. */
const CHARACTER = 6.8
const MARGIN = 10
const COLORS = { blue: '#007ec6', lightgrey: '#9f9f9f' } as const
const TEXT_LIMIT = 60

/** A flat badge as SVG; texts are escaped and cut. */
export function drawBadge({ label, message, color }: Badge): string {
  const [left, right] = [label, message].map((text) => text.slice(0, TEXT_LIMIT))
  const [labelWidth, messageWidth] = [widthOf(left ?? ''), widthOf(right ?? '')]
  const width = labelWidth + messageWidth
  const text = (content: string, x: number) =>
    `<text x="${x}" y="14" text-anchor="middle">${escapeXml(content)}</text>`
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="20" role="img" aria-label="${escapeXml(`${left}: ${right}`)}"><title>${escapeXml(`${left}: ${right}`)}</title><rect width="${labelWidth}" height="20" fill="#555"/><rect x="${labelWidth}" width="${messageWidth}" height="20" fill="${COLORS[color]}"/><g fill="#fff" font-family="Verdana,Geneva,DejaVu Sans,sans-serif" font-size="11">${text(left ?? '', labelWidth / 2)}${text(right ?? '', labelWidth + messageWidth / 2)}</g></svg>`
}

function widthOf(text: string): number {
  return Math.ceil(text.length * CHARACTER) + MARGIN
}

function escapeXml(text: string): string {
  return text.replace(/[^\x20-\x25\x28-\x3b\x3d\x3f-\x7e]/g, (one) => `&#${one.codePointAt(0)};`)
}

const UNITS = ['B', 'kB', 'MB', 'GB', 'TB'] as const

/** Bytes as docker prints them, in powers of 1,000. */
export function sizeText(bytes: number): string {
  let [value, unit] = [bytes, 0]
  // Three digits are shown: what they would round to a thousand is one of the next unit.
  while (value >= 999.5 && unit < UNITS.length - 1) {
    value /= 1000
    unit += 1
  }
  return `${unit === 0 ? value : value.toPrecision(3)} ${UNITS[unit]}`
}
