import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'

/** What a layer, an image or a name may be made to hurt, and the tests that show what becomes of it. */
const LAYER = 'src/inspect/layer/index-layer.test.ts'
const HURTFUL = 'src/inspect/layer/hostile-layers.test.ts'
const BOUNDS = 'src/inspect/layer/hostile-bounds.test.ts'
const IMAGES = 'src/inspect/hostile-images.test.ts'
const INDEXER = 'src/inspect/layer/indexer.test.ts'
const MANIFEST = 'src/oci/manifest.test.ts'
const API = 'conformance/protocol/inspect.test.ts'
const FILES = 'conformance/protocol/inspect-layers.test.ts'
const PAGE = 'conformance/page/safety.ts'
/** With umoci, podman and GNU tar, each upon every other. */
const UNPACKED = 'conformance/unpackers/items.ts'

const TESTS: Readonly<Record<string, readonly (readonly [what: string, file: string, title: string])[]>> = {
  H1: [
    ['long names of GNU', LAYER, 'H1 two long names, the last wins'],
    ['beside real programs', UNPACKED, 'long names'],
  ],
  H2: [
    ['extended headers', LAYER, 'H2 extended size counts'],
    ['lengths that lie', LAYER, 'H2 a record too long'],
  ],
  H3: [
    ['global headers', LAYER, 'H3 global headers count for nothing'],
    ['that never end', BOUNDS, 'H3 global headers of many megabytes'],
  ],
  H4: [
    ['prefix and magic', LAYER, 'H4 no prefix with GNU magic'],
    ['beside real programs', UNPACKED, 'prefix of ustar'],
  ],
  H5: [
    ['sparse files', LAYER, 'H5 sparse files'],
    ['sizes that are none', BOUNDS, 'H5 a negative real size'],
    ['holes beyond all numbers', BOUNDS, 'H5 holes of petabytes'],
    ['beside real programs', UNPACKED, 'sparse files'],
  ],
  H6: [
    ['hard links', LAYER, 'H6 hard link with a size'],
    ['across layers', UNPACKED, 'hard link across layers'],
  ],
  H7: [
    ['symbolic links', LAYER, 'H7 symlink up and away'],
    ['replaced', UNPACKED, 'symbolic link, then a file'],
  ],
  H8: [
    ['devices', LAYER, 'H8 devices'],
    ['beside real programs', UNPACKED, 'kinds and modes'],
  ],
  H9: [
    ['odd paths', LAYER, 'H9 odd paths'],
    ['out of the tree', LAYER, 'H9 what points out of the tree is listed'],
    ['beside real programs', UNPACKED, 'odd spellings of paths'],
  ],
  H10: [
    ['the same path twice', LAYER, 'H10 of one path the last counts'],
    ['beside real programs', UNPACKED, 'the same path twice'],
  ],
  H11: [['sizes', LAYER, 'H11 a size beyond all']],
  H12: [['checksums', LAYER, 'H12 a wrong checksum']],
  H13: [['the end', LAYER, 'H13 one zero block']],
  H14: [
    ['too many entries', LAYER, 'H14 ends after so many entries'],
    ['directories that nobody wrote', BOUNDS, 'H14 names that imply more directories than a disk holds'],
    ['too deep', LAYER, 'H14 knows no tree too deep for it'],
  ],
  H15: [
    ['bombs', LAYER, 'H15 ends bombs'],
    ['windows and dictionaries', HURTFUL, 'a window of 2 GiB'],
  ],
  H16: [['many members and frames', LAYER, 'H16 many members']],
  H17: [['what follows the end', LAYER, 'H17 garbage behind the end is said']],
  H18: [['cut short', LAYER, 'H18 cut short']],
  H19: [
    ['raw names', LAYER, 'H19 raw names'],
    ['beside real programs', UNPACKED, 'names that are no plain text'],
    ['on the page', PAGE, 'texts of a hostile image stay texts'],
  ],
  H20: [['other things than archives', LAYER, 'H20 an empty blob is an empty layer']],
  H21: [['layers kept elsewhere', API, 'never fetched']],
  H22: [
    ['encrypted layers', HURTFUL, 'an encrypted layer'],
    ['and their images', API, 'is encrypted'],
  ],
  H23: [['eStargz', HURTFUL, 'is indexed from its tar, whatever its table of contents says']],
  H24: [['zstd:chunked', HURTFUL, 'skips what zstd:chunked says in frames of its own']],
  H25: [['no root file systems', HURTFUL, 'an EROFS image (RAFS v6)']],
  H26: [['schema 1 is refused at the push, so there is none to look at', MANIFEST, 'signed schema 1']],
  H27: [['configs', IMAGES, 'shows so much of a long history, and says so']],
  H28: [['manifests', API, 'an image of the same layer six hundred times is shown, and not drawn']],
  H29: [
    ['a layer that goes', INDEXER, 'H29 keeps nothing of a layer that goes while it is being indexed'],
    ['two at once', INDEXER, 'H29 indexes once what two replicas are asked for at the same time'],
    ['older indexes', INDEXER, 'H29 makes the index of an older version anew'],
  ],
  H30: [['files', FILES, 'is text or bytes, and never a page']],
  H31: [
    ['whiteouts', LAYER, 'H31 whiteouts'],
    ['beside real programs', UNPACKED, 'opaque directory, its mark last'],
  ],
  H32: [
    ['numbers and attributes', HURTFUL, 'and extended attributes, up to a budget'],
    ['beside real programs', UNPACKED, 'owners beyond octal'],
  ],
}

it('every hostile input has a test', () => {
  expect(Object.keys(TESTS)).toEqual(Array.from({ length: 32 }, (_, index) => `H${index + 1}`))
  const missing = Object.entries(TESTS).flatMap(([input, rows]) =>
    rows.flatMap(([what, file, title]) =>
      readFileSync(file, 'utf8').includes(title) ? [] : [`${input} ${what}: '${title}' is not in ${file}`],
    ),
  )
  expect(missing).toEqual([])
})
