const DURATION_UNITS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
}

const SIZE_UNITS: Readonly<Record<string, number>> = {
  B: 1,
  kB: 1e3,
  KB: 1e3,
  MB: 1e6,
  GB: 1e9,
  TB: 1e12,
  KiB: 2 ** 10,
  MiB: 2 ** 20,
  GiB: 2 ** 30,
  TiB: 2 ** 40,
}

/** Milliseconds of `90s`, `1h30m`, `500ms` or `0`; undefined when the text is no duration. */
export function parseDuration(text: string): number | undefined {
  if (text === '0') return 0
  if (!/^(?:\d{1,12}(?:\.\d{1,3})?(?:ms|[smhd]))+$/.test(text)) return undefined
  let total = 0
  for (const [, amount = '', unit = ''] of text.matchAll(/([\d.]+)(ms|[smhd])/g))
    total += Number(amount) * (DURATION_UNITS[unit] ?? 0)
  return Math.round(total)
}

/** Bytes of `256MiB`, `1.5 GB` or `4096`; undefined when the text is no size, or one that no number holds (8 PiB). */
export function parseSize(text: string): number | undefined {
  const match = /^(\d{1,15}(?:\.\d{1,3})?) ?([kKMGT]i?B|B)?$/.exec(text)
  if (match === null) return undefined
  const unit = SIZE_UNITS[match[2] ?? 'B']
  if (unit === undefined || (unit === 1 && !Number.isInteger(Number(match[1])))) return undefined
  const bytes = Math.round(Number(match[1]) * unit)
  return Number.isSafeInteger(bytes) ? bytes : undefined
}
