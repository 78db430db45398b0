import { base256, GNU, longName, type Member, member, pax } from '../fixtures/members.ts'

/** What a writer of archives does below one directory, layer by layer. */
export type Item = (at: string) => readonly (readonly Buffer[])[]

const file = (name: string, body: string, own: Partial<Member> = {}) => member({ name, body, ...own })
const directory = (name: string, mode = 0o755) => member({ name: `${name}/`, type: '5', mode })
const link = (name: string, linkname: string, mode = 0o644) => member({ name, type: '1', linkname, mode })
const symlink = (name: string, linkname: string) => member({ name, type: '2', linkname })
const whiteout = (directoryName: string, name: string) => member({ name: `${directoryName}/.wh.${name}` })
const opaque = (name: string) => member({ name: `${name}/.wh..wh..opq` })
const LONG = `${'directory'.repeat(12)}/${'name'.repeat(40)}`

/** Content of a sparse file, as it is stored: 515 bytes of 4,096. GNU tar wants every range but the last in whole blocks. */
const STORED = `${'ab'.repeat(256)}cde`

/** All use the same names, so that in pairs each meets what the other left. */
export const ITEMS: Readonly<Record<string, Item>> = {
  'kinds and modes': (at) => [
    [
      directory(at),
      file(`${at}/f`, 'first'),
      file(`${at}/set`, 'x', { mode: 0o4755 }),
      directory(`${at}/d`, 0o1777),
      file(`${at}/d/x`, 'in d', { mode: 0o600, uid: 1000, gid: 50 }),
      symlink(`${at}/s`, '../../elsewhere'),
      member({ name: `${at}/pipe`, type: '6' }),
      member({ name: `${at}/null`, type: '3', device: [1, 3] }),
      member({ name: `${at}/disk`, type: '4', device: [8, 300] }),
    ],
  ],
  'directories that nobody wrote': (at) => [[file(`${at}/d/deep/x`, 'implied'), file(`${at}/f`, 'f')]],
  'whiteout of a file': (at) => [[file(`${at}/f`, 'goes'), file(`${at}/g`, 'stays')], [whiteout(at, 'f')]],
  'whiteout of a directory': (at) => [
    [directory(`${at}/d`), file(`${at}/d/x`, 'goes'), file(`${at}/d/e/y`, 'goes too')],
    [whiteout(at, 'd')],
  ],
  'whiteout, and the same name again': (at) => [
    [directory(`${at}/d`), file(`${at}/d/x`, 'goes'), file(`${at}/f`, 'old')],
    [
      whiteout(at, 'd'),
      directory(`${at}/d`, 0o700),
      file(`${at}/d/z`, 'new'),
      whiteout(at, 'f'),
      file(`${at}/f`, 'new'),
    ],
  ],
  'whiteout, and later the name again': (at) => [
    [directory(`${at}/d`), file(`${at}/d/x`, 'goes'), file(`${at}/f`, 'old')],
    [whiteout(at, 'd'), whiteout(at, 'f')],
    [file(`${at}/d/z`, 'after'), file(`${at}/f`, 'after')],
  ],
  'whiteout of nothing': (at) => [[file(`${at}/g`, 'g')], [whiteout(at, 'never')]],
  'whiteout below what is gone': (at) => [
    [directory(`${at}/d`), file(`${at}/d/x`, 'x'), file(`${at}/d/y`, 'y')],
    [whiteout(`${at}/d`, 'x')],
    [whiteout(at, 'd')],
  ],
  'opaque directory': (at) => [
    [directory(`${at}/d`), file(`${at}/d/x`, 'hidden'), file(`${at}/d/e/y`, 'hidden')],
    [directory(`${at}/d`), opaque(`${at}/d`), file(`${at}/d/z`, 'shown')],
  ],
  'opaque directory, its mark last': (at) => [
    [directory(`${at}/d`), file(`${at}/d/x`, 'hidden')],
    [directory(`${at}/d`), file(`${at}/d/z`, 'shown'), file(`${at}/d/x`, 'anew'), opaque(`${at}/d`)],
  ],
  "aufs' own books": (at) => [
    [file(`${at}/g`, 'g'), directory(`${at}/.wh..wh.plnk`), file(`${at}/.wh..wh.plnk/1.2`, 'aufs')],
  ],
  'hard links': (at) => [
    [
      file(`${at}/f`, 'linked', { mode: 0o640 }),
      link(`${at}/h`, `${at}/f`, 0o640),
      link(`${at}/h2`, `${at}/h`, 0o640),
      directory(`${at}/d`),
      link(`${at}/d/h`, `/${at}/f`, 0o640),
    ],
  ],
  'hard link across layers': (at) => [
    [file(`${at}/f`, 'below'), file(`${at}/g`, 'other')],
    [link(`${at}/h`, `${at}/f`)],
  ],
  'hard link to what is then replaced': (at) => [
    [file(`${at}/f`, 'old'), link(`${at}/h`, `${at}/f`)],
    [file(`${at}/f`, 'new')],
  ],
  'hard link to what is then gone': (at) => [
    [file(`${at}/f`, 'kept by its link'), link(`${at}/h`, `${at}/f`)],
    [whiteout(at, 'f')],
  ],
  'hard link to a symbolic link': (at) => [[symlink(`${at}/s`, 'f'), link(`${at}/h`, `${at}/s`)]],
  'directory, then a file': (at) => [
    [directory(`${at}/d`), file(`${at}/d/x`, 'x')],
    [file(`${at}/d`, 'a file now')],
  ],
  'file, then a directory': (at) => [
    [file(`${at}/f`, 'a file')],
    [directory(`${at}/f`), file(`${at}/f/x`, 'in it')],
  ],
  'directory, file, and directory again': (at) => [
    [directory(`${at}/d`), file(`${at}/d/x`, 'first')],
    [file(`${at}/d`, 'between')],
    [directory(`${at}/d`, 0o711), file(`${at}/d/y`, 'second')],
  ],
  'through a symbolic link of the same layer': (at) => [
    [
      directory(`${at}/d`),
      symlink(`${at}/way`, 'd'),
      file(`${at}/way/y`, 'in d'),
      directory(`${at}/way/e`, 0o700),
      file(`${at}/way/e/z`, 'in e'),
      symlink(`${at}/d/short`, 'e/.'),
      file(`${at}/way/short/q`, 'in e'),
      link(`${at}/way/h`, `${at}/way/y`),
    ],
  ],
  'through a symbolic link that knows the root': (at) => [
    [
      directory(`${at}/d`),
      symlink(`${at}/top`, `/${at}/d`),
      file(`${at}/top/y`, 'in d'),
      symlink(`${at}/up`, `../../../../../${at}/d`),
      file(`${at}/up/z`, 'in d'),
      symlink(`${at}/d/round`, '../up/.'),
      file(`${at}/top/round/q`, 'in d'),
    ],
  ],
  'symbolic link, then a file': (at) => [
    [file(`${at}/f`, 'target'), symlink(`${at}/s`, 'f')],
    [file(`${at}/s`, 'no link any more')],
  ],
  'file, then a symbolic link': (at) => [[file(`${at}/f`, 'f')], [symlink(`${at}/f`, 'g')]],
  'other attributes, same content': (at) => [
    [directory(`${at}/d`, 0o755), file(`${at}/f`, 'same')],
    [directory(`${at}/d`, 0o2750), file(`${at}/f`, 'same', { mode: 0o600, uid: 7, gid: 8 })],
  ],
  'odd spellings of paths': (at) => [
    [
      directory(`./${at}/d`),
      file(`./${at}/f`, 'dot'),
      file(`/${at}/d//x`, 'slashes'),
      file(`${at}/./d/./y`, 'dots'),
    ],
    [member({ name: `./${at}/.wh.f` })],
  ],
  'the same path twice': (at) => [
    [file(`${at}/f`, 'first'), file(`${at}/f`, 'second, and last', { mode: 0o755 })],
  ],
  'a file, then a directory, in one layer': (at) => [
    [file(`${at}/f`, 'a file'), directory(`${at}/f`), file(`${at}/f/x`, 'x')],
  ],
  'a directory, then a file, in one layer': (at) => [[directory(`${at}/d`), file(`${at}/d`, 'a file')]],
  'long names': (at) => [
    [
      longName(`${at}/${LONG}-gnu`),
      file('cut', 'by GNU'),
      pax({ path: `${at}/${LONG}-pax` }),
      file('cut', 'by PAX'),
      longName(`${'t'.repeat(150)}/gnu`, 'K'),
      symlink(`${at}/s`, 'cut'),
      pax({ linkpath: `${'t'.repeat(150)}/pax` }),
      symlink(`${at}/s2`, 'cut'),
    ],
  ],
  'GNU long name beside an extended path': (at) => [
    [
      longName(`${at}/by-gnu`),
      pax({ path: `${at}/by-pax` }),
      file(`${at}/cut`, 'GNU first'),
      pax({ path: `${at}/by-pax-2` }),
      longName(`${at}/by-gnu-2`),
      file(`${at}/cut`, 'PAX first'),
    ],
  ],
  'prefix with the magic of GNU, as Go 1.7 wrote it': (at) => [
    [directory(`${at}/d`), member({ name: 'old-go', prefix: `${at}/d`, magic: GNU, body: 'prefixed' })],
  ],
  'prefix of ustar': (at) => [
    [directory(`${at}/d`), member({ name: 'x', prefix: `${at}/d`, body: 'prefixed' })],
  ],
  'sparse files': (at) => [[...sparse01(`${at}/f`), ...sparse10(`${at}/new`)]],
  'sparse files in the old form': (at) => [[sparse(`${at}/f`)]],
  'owners beyond octal': (at) => [
    [
      pax({ uid: '3000000', gid: '4000000000' }),
      file(`${at}/f`, 'pax'),
      file(`${at}/g`, 'gnu', { uid: base256(3_000_001, 8), magic: GNU }),
    ],
  ],
  'extended attributes': (at) => [
    [
      pax({ 'SCHILY.xattr.user.note': 'some = text', 'SCHILY.xattr.user.raw': 'a\xff\x01' }),
      file(`${at}/f`, 'has two'),
      pax({ 'SCHILY.xattr.security.capability': '\x01\0\0\x02\0\x20\0\0\0\0\0\0\0\0\0\0\0\0\0\0' }),
      file(`${at}/ping`, 'may', { mode: 0o755 }),
    ],
  ],
  'names that differ in case': (at) => [
    [file(`${at}/f`, 'low'), file(`${at}/F`, 'high'), directory(`${at}/D`), file(`${at}/D/x`, 'high')],
    [whiteout(at, 'F')],
  ],
  'names that are no plain text': (at) => [
    [
      file(`${at}/\xc3\xa9`, 'composed'),
      file(`${at}/e\xcc\x81`, 'decomposed'),
      file(`${at}/\xff\xfe`, 'no UTF-8'),
      file(`${at}/a\nb\x1b[31m`, 'controls'),
      file(`${at}/<script>&\\`, 'markup'),
    ],
    [whiteout(at, '\xc3\xa9')],
  ],
}

const octal = (value: number) => Buffer.from(`${value.toString(8).padStart(11, '0')}\0`)

/** GNU's old form: the map in the header. */
function sparse(name: string): Buffer {
  const map = Buffer.concat([1024, 512, 2048, 3, 4096, 0].map(octal))
  const patch = [[386, map] as const, [483, octal(4096)] as const]
  return member({ name, type: 'S', magic: GNU, body: STORED, patch })
}

/** Version 0.1: the map in the extended header. */
function sparse01(name: string): Buffer[] {
  const map = {
    'GNU.sparse.size': '4096',
    'GNU.sparse.numblocks': '3',
    'GNU.sparse.map': '1024,512,2048,3,4096,0',
    'GNU.sparse.name': name,
  }
  return [pax(map), member({ name: 'GNUSparseFile.0/f', body: STORED })]
}

/** Version 1.0: the map before the data. */
function sparse10(name: string): Buffer[] {
  const map = {
    'GNU.sparse.major': '1',
    'GNU.sparse.minor': '0',
    'GNU.sparse.realsize': '4096',
    'GNU.sparse.name': name,
  }
  return [
    pax(map),
    member({
      name: 'GNUSparseFile.0/new',
      body: '3\n1024\n512\n2048\n3\n4096\n0\n'.padEnd(512, '\0') + STORED,
    }),
  ]
}
