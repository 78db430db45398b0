/** A difference between our tree and an unpacker's that is right to be there. */
export interface Known {
  readonly by: readonly string[]
  readonly where: RegExp
  readonly why: string
}

export const KNOWN: readonly Known[] = [
  {
    by: ['tar'],
    where: /(?:^|\/)(?:by-gnu|by-gnu-2|by-pax|by-pax-2|old-go): (?:ours|theirs) alone$/,
    why: 'of two names it takes that of the extended header, and no prefix with its own magic; engines read as Go does',
  },
  {
    by: ['tar', 'umoci', 'podman'],
    where: /\/\.wh\.\.wh\.plnk[^:]*: theirs alone$/,
    why: "they keep aufs' own books as if they were files; podman leaves them out at the top, we do everywhere",
  },
]

/** What a program does not unpack at all, though an index of it is of use. */
export interface Refused {
  readonly by: string
  readonly item: string
  /** What it says. */
  readonly saying: RegExp
}

const TWICE = /duplicates of file paths not supported/

export const REFUSED: readonly Refused[] = [
  // It makes such links when all else is unpacked.
  { by: 'tar', item: 'through a symbolic link that knows the root', saying: /Cannot open: Not a directory/ },
  { by: 'umoci', item: 'sparse files in the old form', saying: /unknown typeflag/ },
  { by: 'podman', item: 'sparse files in the old form', saying: /unhandled tar header type 83/ },
  { by: 'podman', item: 'the same path twice', saying: TWICE },
  { by: 'podman', item: 'a file, then a directory, in one layer', saying: TWICE },
  { by: 'podman', item: 'a directory, then a file, in one layer', saying: TWICE },
]

/** Neither unpacks what is in a directory that nobody wrote, where a file stands in its place; we show the directory. */
export function isRefusedPair(below: string, above: string): boolean {
  return (
    /^(?:directory, then a file|a directory, then a file)/.test(below) &&
    above === 'directories that nobody wrote'
  )
}
