const PREFIX = 'records-'

/**
 * The id of the upload that a snapshot of the records comes by: it stands in its location, so that the newest can be found.
 * `taken` is above those of all before it, also where one was taken while the clock was ahead.
 */
export function snapshotUpload(taken: number): string {
  return `${PREFIX}${taken}`
}

/** When the snapshot that came by this upload was taken; undefined when it is none. */
export function snapshotTime(upload: string): number | undefined {
  const taken = upload.startsWith(PREFIX) ? Number(upload.slice(PREFIX.length)) : Number.NaN
  return Number.isSafeInteger(taken) ? taken : undefined
}
