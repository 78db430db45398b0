import { displayName } from '../../inspect/display-name.ts'
import { flagNames, type IndexEntry } from '../../inspect/layer/index-entry.ts'

/** Seconds since 1970 that a date can be made of; others are shown as they are, without a date. */
const DATE_LIMIT = 8_640_000_000_000

/** An entry of a layer as JSON. Texts are escaped for people; `raw` parts are the bytes in base64. */
export function showEntry(entry: IndexEntry) {
  const { text, raw } = displayName(entry.name)
  const link = entry.linkname === '' ? undefined : displayName(entry.linkname)
  const flags = flagNames(entry.flags)
  return {
    name: text,
    ...(raw !== undefined && { nameRaw: raw }),
    type: entry.kind,
    size: entry.size,
    ...(entry.sparse !== undefined && { stored: entry.stored }),
    mode: entry.mode,
    uid: entry.uid,
    gid: entry.gid,
    uname: displayName(entry.uname).text,
    gname: displayName(entry.gname).text,
    mtime: dateOf(entry.mtime),
    ...(link && { linkname: link.text, ...(link.raw !== undefined && { linknameRaw: link.raw }) }),
    ...(entry.device && { device: `${entry.device[0]}:${entry.device[1]}` }),
    ...(entry.sha256 && { digest: `sha256:${entry.sha256.toString('hex')}` }),
    ...(entry.xattrs.length > 0 && { xattrs: entry.xattrs.map(showXattr) }),
    ...(entry.totals && { totals: entry.totals }),
    ...(flags.length > 0 && { flags }),
  }
}

function showXattr([name, value]: readonly [string, string]) {
  return { name: displayName(name).text, value: Buffer.from(value, 'latin1').toString('base64') }
}

/** Null when no calendar has such a day. */
function dateOf(seconds: number): string | null {
  return Math.abs(seconds) <= DATE_LIMIT ? new Date(seconds * 1000).toISOString() : null
}
